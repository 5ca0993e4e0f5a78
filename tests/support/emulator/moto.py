"""An unmodified moto server as a process on loopback, which is reset before each test."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import boto3
import urllib3

from support.emulator.ground import Ground
from support.router.sidecar import CREDENTIALS, environment

_READY = re.compile(r" \* Running on (http://127\.0\.0\.1:[0-9]+)")


@contextmanager
def moto_server() -> Iterator[str]:
    """The URL of a running moto server. Raises AssertionError with its output if it does not start."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
        env=environment("http://127.0.0.1:9"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            output = cast("Iterator[str]", process.stderr)
            printed = ""
            while not (ready := _READY.search(printed)):
                line = next(output, None)
                assert line is not None, printed
                printed += line
            yield ready[1]
        finally:
            process.terminate()


class Moto:
    """The moto server at this URL, with the other services that ELBv2 needs."""

    def __init__(self, url: str, region: str) -> None:
        session = boto3.session.Session(
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=region,
        )
        self._url = url
        self._ec2: Any = session.client("ec2", endpoint_url=url)
        self._acm: Any = session.client("acm", endpoint_url=url)

    def reset(self) -> Ground:
        """Remove everything, and create what a load balancer needs."""
        assert urllib3.request("POST", f"{self._url}/moto-api/reset").status == 200
        subnets = self._ec2.describe_subnets()["Subnets"]
        certificate = self._acm.request_certificate(DomainName="petclinic.example.com")["CertificateArn"]
        return Ground(
            self._url, [subnet["SubnetId"] for subnet in subnets[:2]], subnets[0]["VpcId"], certificate
        )

    def close(self) -> None:
        self._ec2.close()
        self._acm.close()
