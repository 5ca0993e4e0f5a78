"""A look-up for new credentials does not parse botocore's data files again, which would delay all calls."""

from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader

from elbv2_trafficrouter.aws.connections.bounded import bound_connections
from elbv2_trafficrouter.aws.credentials.look_up import LookUp
from support.aws.answering_server import answering_server
from support.aws.credential_answers import ROLE, in_seconds, sts_answer


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The data files that have been parsed."""
    files: list[str] = []
    load = JSONFileLoader.load_file

    def load_file(self: Any, file: str) -> Any:
        found = load(self, file)
        if found is not None:
            files.append(file)
        return found

    monkeypatch.setattr(JSONFileLoader, "load_file", load_file)
    return files


@pytest.mark.usefixtures("credentials_file")
def test_only_the_first_look_up_parses_data_files(
    parsed: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bound_connections()
    token = tmp_path / "token"
    token.write_text("token")
    with answering_server(lambda _: (200, sts_answer(in_seconds(3600)))) as sts:
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
        monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://{sts.address}")
        look_up = LookUp()
        look_up.find("eu-west-1")
        assert parsed
        parsed.clear()
        look_up.find("eu-west-1")
        assert parsed == []
        assert len(sts.asked) == 2
