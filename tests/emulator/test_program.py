"""The program elbv2-emulator, and the real AWS CLI as its client."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3

from elbv2_emulator import Emulator

BIN = Path(sys.executable).parent


@contextmanager
def program(*command: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.fullmatch(r"elbv2-emulator listens on (http://127\.0\.0\.1:\d+)\n", line)
            assert found, process.communicate(timeout=10)
            yield process, found[1]
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("command", "number"),
    [
        ((str(BIN / "elbv2-emulator"),), signal.SIGTERM),
        ((sys.executable, "-m", "elbv2_emulator"), signal.SIGINT),
    ],
)
def test_the_program_prints_its_address_and_ends_on_a_signal(
    command: tuple[str, ...], number: signal.Signals, http: urllib3.PoolManager
) -> None:
    with program(*command, "--api", "127.0.0.1:0") as (process, url):
        fault = b'{"action": "DescribeRules", "latencySeconds": 60, "times": 1}'
        assert http.request("POST", f"{url}/_emulator/faults", body=fault).status == 200
        with ThreadPoolExecutor(1) as pool:
            # Neither this call nor the open connections may delay the shutdown.
            held = pool.submit(call_and_fail, url)
            while http.request("GET", f"{url}/_emulator/faults").data != b"[]":
                assert not held.done()
            check_ends(process, number)


def call_and_fail(url: str) -> None:
    headers = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/elasticloadbalancing/aws4_request"
    }
    with pytest.raises(urllib3.exceptions.HTTPError):
        urllib3.request(
            "POST", url, body=b"Action=DescribeRules&Version=2015-12-01", headers=headers, retries=False
        )


def check_ends(process: subprocess.Popen[str], number: signal.Signals) -> None:
    started = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert time.monotonic() - started < 1
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize("api", ["0.0.0.0:0", "10.0.0.1:4566", "localhost:4566", "127.0.0.1", "[::]:4566"])
def test_the_program_listens_only_on_loopback_by_default(api: str) -> None:
    command = (sys.executable, "-m", "elbv2_emulator", "--api", api)
    run = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (run.returncode, run.stdout) == (2, "")
    assert f"--api: '{api}'" in run.stderr


def test_the_program_listens_on_any_address_with_allow_remote() -> None:
    command = (sys.executable, "-m", "elbv2_emulator", "--api", "0.0.0.0:0", "--allow-remote")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.kill()
    assert re.fullmatch(r"elbv2-emulator listens on http://0\.0\.0\.0:\d+\n", line)


def test_the_program_starts_with_a_saved_state(
    emulator: Emulator, petclinic: Any, http: urllib3.PoolManager, tmp_path: Path
) -> None:
    (tmp_path / "state.json").write_text(emulator.save())
    with program(
        sys.executable, "-m", "elbv2_emulator", "--api", "127.0.0.1:0", "--load", str(tmp_path / "state.json")
    ) as (_, url):
        (listener,) = json.loads(http.request("GET", f"{url}/_emulator/listeners").data)
        assert listener["listenerArn"] == petclinic.listener


@pytest.mark.parametrize("text", [None, '{"Attributes": []}'], ids=["no file", "something else"])
def test_a_file_that_cannot_be_loaded_ends_the_program_with_a_sentence(
    text: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "state.json"
    if text is not None:
        file.write_text(text)
    command = (sys.executable, "-m", "elbv2_emulator", "--api", "127.0.0.1:0", "--load", str(file))
    run = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (run.returncode, run.stdout) == (2, "")
    assert "--load: " in run.stderr
    assert "Traceback" not in run.stderr


def test_a_port_that_is_in_use_ends_the_program_with_a_sentence(emulator: Emulator) -> None:
    command = (sys.executable, "-m", "elbv2_emulator", "--api", emulator.url.removeprefix("http://"))
    run = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("elbv2-emulator: cannot listen:")
    assert "Traceback" not in run.stderr


def test_the_aws_cli_finds_the_weights_of_the_canary(
    emulator: Emulator, petclinic: Any, tmp_path: Path
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def aws(*arguments: str) -> str:
        command = (str(BIN / "aws"), "elbv2", *arguments, "--endpoint-url", emulator.url, "--output", "text")
        run = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert (run.returncode, run.stderr) == (0, "")
        return run.stdout

    balancer = aws(
        "describe-load-balancers",
        "--query",
        "LoadBalancers[?contains(DNSName, 'k8s-petclinicgroup')].LoadBalancerArn",
    ).strip()
    assert balancer == petclinic.balancer
    listener = aws(
        "describe-listeners",
        "--load-balancer-arn",
        balancer,
        "--query",
        "Listeners[?Port==`443`].ListenerArn",
    ).strip()
    assert listener == petclinic.listener
    rules = aws(
        "describe-rules",
        "--listener-arn",
        listener,
        "--query",
        "Rules[?!IsDefault].[Priority,Actions[0].ForwardConfig.TargetGroups]",
    )
    assert rules.split() == ["1", petclinic.stable, "90", petclinic.canary, "10"]
