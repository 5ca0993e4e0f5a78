"""What the tests of credentials set, and what they get."""

from collections.abc import Callable
from pathlib import Path

import pytest

from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.errors import Problem
from support.aws.credential_answers import ROLE

REGION = "eu-west-1"
ELBV2 = "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2"

KEYS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "x"}

Set = Callable[..., None]


def problem_of_clients() -> Problem:
    with pytest.raises(Problem) as caught:
        ClientsByRegion(connections=1).of(REGION)
    return caught.value


def config(tmp_path: Path, *lines: str) -> None:
    (tmp_path / "config").write_text("\n".join(["[default]", *lines]))


def irsa(variables: Set, token_file: Path, sts: str = "127.0.0.1:9") -> None:
    variables(AWS_WEB_IDENTITY_TOKEN_FILE=token_file, AWS_ROLE_ARN=ROLE, AWS_ENDPOINT_URL_STS=f"http://{sts}")


def container(variables: Set, address: str, token_file: Path | None = None) -> None:
    variables(AWS_CONTAINER_CREDENTIALS_FULL_URI=f"http://{address}/v1/credentials")
    if token_file:
        variables(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token_file)
