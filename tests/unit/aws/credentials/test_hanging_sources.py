"""A source of credentials that hangs holds no call beyond its time."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.aws.credentials import look_up, process
from elbv2_trafficrouter.errors.aws import (
    CredentialsUnavailable,
)
from support.aws.answering_server import answering_server
from support.aws.credential_answers import (
    container_answer,
    in_seconds,
    sts_answer,
)
from support.aws.credential_sources import REGION, Set, config, container, irsa, problem_of_clients
from support.aws.slow_server import Slowness, slow_server


def test_a_source_that_hangs_is_named_and_no_call_waits_beyond_its_time(
    variables: Set, token_file: Path
) -> None:
    with slow_server(Slowness.HEADERS) as sts, ThreadPoolExecutor(8) as pool:
        irsa(variables, token_file, sts)
        clients, begun = ClientsByRegion(connections=1), time.monotonic()
        calls = [pool.submit(clients.of, region, 1.0) for region in ("eu-west-1", "eu-west-2") * 4]
        problems = [call.exception(10) for call in calls]
        assert time.monotonic() - begun < 3
        assert {type(problem) for problem in problems} == {CredentialsUnavailable}
        assert {str(problem).partition(". ")[0] for problem in problems} == {
            "The sidecar can't get AWS credentials: IRSA (AssumeRoleWithWebIdentity) did not answer in time"
        }


@pytest.mark.parametrize("source", ["container", "irsa"])
def test_a_look_up_that_hangs_ends_and_the_next_one_succeeds_when_the_source_is_back(
    variables: Set, token_file: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    clients = ClientsByRegion(connections=1)

    def prepare(address: str) -> None:
        if source == "container":
            container(variables, address)
        else:
            irsa(variables, token_file, address)

    with slow_server(Slowness.BODY) as address, monkeypatch.context() as shortened:
        shortened.setattr(look_up, "_LOOK_UP_SECONDS", 0.5)
        prepare(address)
        with pytest.raises(CredentialsUnavailable):
            clients.of(REGION, 10)
    good = container_answer() if source == "container" else sts_answer(in_seconds(3600))
    with answering_server(lambda _: (200, good)) as endpoint:
        prepare(endpoint.address)
        clients.of(REGION, 10)


def test_a_credential_process_that_hangs_is_killed_with_its_children(
    credentials_file: Path,  # noqa: ARG001  no others
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "_PROCESS_SECONDS", 0.5)
    config(tmp_path, f"credential_process = sh -c 'sleep 60 & echo $! > {tmp_path}/child; wait'")
    problem = problem_of_clients()
    assert type(problem) is CredentialsUnavailable
    assert "credential_process did not answer in time" in problem.sentence
    child = int((tmp_path / "child").read_text())
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(child)], capture_output=True, text=True, check=False
    )
    assert shown.stdout.strip() in ("", "Z")
