"""Environment and files for credentials."""

from pathlib import Path

import pytest

from support.aws.credential_answers import (
    TOKEN,
)
from support.aws.credential_sources import Set


@pytest.fixture
def variables(credentials_file: Path, monkeypatch: pytest.MonkeyPatch) -> Set:  # noqa: ARG001  no others
    """Sets environment variables."""

    def set_all(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, str(value))

    return set_all


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    return file
