"""No secret reaches the log, the error's sentence or its details, whatever quotes it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from support.aws.answering_server import answering_server
from support.router.petclinic import Petclinic
from support.router.sidecar import environment, sidecar

MARK = "MarkedSecret0123456789abcdef"
ROLE = "arn:aws:iam::123456789012:role/router"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": MARK + "/secret"}
TOKEN = {"AWS_SESSION_TOKEN": MARK}
CANONICAL = f"POST\n/\n\ncontent-type:x\nx-amz-security-token:{MARK}\n\ncontent-type;x-amz-security-token\n0"


@dataclass
class Case:
    """What a case is made of: servers, files in a directory, and the emulator's address."""

    stack: ExitStack
    directory: Path
    aws: str

    def server(self, status: int, body: str) -> str:
        return self.stack.enter_context(answering_server(lambda _: (status, body))).address

    def file(self, name: str, content: str) -> str:
        (self.directory / name).write_text(content)
        return str(self.directory / name)

    def answered_by(self, status: int, body: str) -> dict[str, str]:
        """An AWS that gives this answer to every request."""
        return environment(f"http://{self.server(status, body)}", **KEYS, **TOKEN)


def token_with_a_line_break(case: Case) -> dict[str, str]:
    return environment(case.aws, **KEYS, AWS_SESSION_TOKEN=f"{MARK}\n")


def token_with_a_line_break_inside(case: Case) -> dict[str, str]:
    return environment(case.aws, **KEYS, AWS_SESSION_TOKEN=f"{MARK}\nX-Other: {MARK}")


def access_key_with_a_line_break(case: Case) -> dict[str, str]:
    return environment(case.aws, AWS_ACCESS_KEY_ID=f"{MARK}\n", AWS_SECRET_ACCESS_KEY=MARK)


def secret_key_with_a_line_break(case: Case) -> dict[str, str]:
    return environment(case.aws, AWS_ACCESS_KEY_ID="AKIA", AWS_SECRET_ACCESS_KEY=f"{MARK}\n")


def truncated_answer_of_sts(case: Case) -> dict[str, str]:
    body = (
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
        f"<SecretAccessKey>{MARK}</SecretAccessKey><SessionToken>{MARK}</SessionToken><Expir"
    )
    return environment(
        case.aws,
        AWS_WEB_IDENTITY_TOKEN_FILE=case.file("token", MARK),
        AWS_ROLE_ARN=ROLE,
        AWS_ENDPOINT_URL_STS=f"http://{case.server(200, body)}",
        AWS_REGION="eu-west-1",
    )


def sts_repeats_the_token(case: Case) -> dict[str, str]:
    message = f"Token {MARK} is not valid. WebIdentityToken={MARK}"
    body = aws_error("InvalidIdentityToken", message)
    return environment(
        case.aws,
        AWS_WEB_IDENTITY_TOKEN_FILE=case.file("token", MARK),
        AWS_ROLE_ARN=ROLE,
        AWS_ENDPOINT_URL_STS=f"http://{case.server(400, body)}",
        AWS_REGION="eu-west-1",
    )


def password_in_the_endpoint(_: Case) -> dict[str, str]:
    return environment(f"http://user:{MARK}@127.0.0.1:9/{MARK}?{MARK}", **KEYS)


def password_with_an_at_sign_in_the_endpoint(_: Case) -> dict[str, str]:
    return environment(f"http://user:p@{MARK}@127.0.0.1:9", **KEYS)


def password_in_an_invalid_endpoint(_: Case) -> dict[str, str]:
    return environment(f"http://user:{MARK}@[", **KEYS)


def password_in_the_proxy_s_url(_: Case) -> dict[str, str]:
    return environment("http://aws.example", **KEYS, HTTP_PROXY=f"http://user:{MARK}@127.0.0.1:9")


def password_in_an_invalid_proxy_s_url(_: Case) -> dict[str, str]:
    return environment("http://aws.example", **KEYS, HTTP_PROXY=f"http://user:{MARK}@127.0.0.1:port")


def credential_process_that_writes_to_stderr(case: Case) -> dict[str, str]:
    process = f"[default]\ncredential_process = sh -c 'echo {MARK} >&2; exit 1' {MARK}"
    return environment(case.aws, AWS_CONFIG_FILE=case.file("config", process))


def missing_credential_process(case: Case) -> dict[str, str]:
    process = f"[default]\ncredential_process = /nowhere/helper --password {MARK}"
    return environment(case.aws, AWS_CONFIG_FILE=case.file("config", process))


def config_file_that_cannot_be_parsed(case: Case) -> dict[str, str]:
    return environment(case.aws, AWS_CONFIG_FILE=case.file("config", f"aws_secret_access_key = {MARK}"))


def error_of_a_container_s_endpoint(case: Case) -> dict[str, str]:
    uri = f"http://{case.server(500, MARK)}/{MARK}"
    return environment(
        case.aws, AWS_CONTAINER_CREDENTIALS_FULL_URI=uri, AWS_CONTAINER_AUTHORIZATION_TOKEN=MARK
    )


def token_of_a_container_with_a_line_break(case: Case) -> dict[str, str]:
    return environment(
        case.aws,
        AWS_CONTAINER_CREDENTIALS_FULL_URI="http://127.0.0.1:9",
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=case.file("token", f"{MARK}\n"),
    )


def aws_error(code: str, message: str) -> str:
    return f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"


def aws_repeats_the_request(case: Case) -> dict[str, str]:
    message = f"The signature does not match.\n\nThe Canonical String should have been\n'{CANONICAL}'"
    return case.answered_by(403, aws_error("SignatureDoesNotMatch", message))


def aws_repeats_the_request_in_one_line(case: Case) -> dict[str, str]:
    message = f"Canonical: {CANONICAL}".replace("\n", " ")
    return case.answered_by(403, aws_error("SignatureDoesNotMatch", message))


def aws_repeats_the_token_in_another_error(case: Case) -> dict[str, str]:
    return case.answered_by(400, aws_error(f"Validation{MARK}", f"Unknown header value {MARK}"))


def a_proxy_repeats_the_request(case: Case) -> dict[str, str]:
    return case.answered_by(200, f"<html>x-amz-security-token: {MARK}")


def a_proxy_repeats_the_request_with_an_error(case: Case) -> dict[str, str]:
    return case.answered_by(502, f"x-amz-security-token: {MARK}")


CASES: list[Callable[[Case], dict[str, str]]] = [
    token_with_a_line_break,
    token_with_a_line_break_inside,
    access_key_with_a_line_break,
    secret_key_with_a_line_break,
    truncated_answer_of_sts,
    sts_repeats_the_token,
    password_in_the_endpoint,
    password_with_an_at_sign_in_the_endpoint,
    password_in_an_invalid_endpoint,
    password_in_the_proxy_s_url,
    password_in_an_invalid_proxy_s_url,
    credential_process_that_writes_to_stderr,
    missing_credential_process,
    config_file_that_cannot_be_parsed,
    error_of_a_container_s_endpoint,
    token_of_a_container_with_a_line_break,
    aws_repeats_the_request,
    aws_repeats_the_request_in_one_line,
    aws_repeats_the_token_in_another_error,
    a_proxy_repeats_the_request,
    a_proxy_repeats_the_request_with_an_error,
]


@pytest.fixture
def case(clinic: Petclinic, tmp_path: Path) -> Iterator[Case]:
    with ExitStack() as stack:
        yield Case(stack, tmp_path, clinic.url)


@pytest.mark.parametrize("variables", CASES, ids=lambda case: case.__name__)
def test_no_secret_is_shown(
    clinic: Petclinic, volumes: Path, case: Case, variables: Callable[[Case], dict[str, str]]
) -> None:
    with sidecar(volumes, variables(case)) as router, router.stub() as stub:
        with pytest.raises(grpc.RpcError) as caught:
            stub.SetWeight(clinic.set_weight(10), timeout=10)
        verified = stub.VerifyWeight(clinic.verify_weight(10), timeout=10)
        router.end()
    error = caught.value
    shown = [str(error.details()), repr(error.trailing_metadata()), str(verified), repr(router.log)]
    assert error.code() is not grpc.StatusCode.INTERNAL
    assert "failed" in [entry.get("event") for entry in router.log]
    assert [text for text in shown if MARK in text or MARK.lower() in text.lower()] == []
