import os
from pathlib import Path

import pytest

from support.router.sidecar import CREDENTIALS


@pytest.fixture
def credentials_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where alone boto3 looks for credentials. It is not there yet."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    file = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("BOTO_CONFIG", str(tmp_path / "boto"))
    return file


@pytest.fixture
def credentials(credentials_file: Path) -> None:
    lines = ["[default]", *(f"{name.lower()} = {value}" for name, value in CREDENTIALS.items())]
    credentials_file.write_text("\n".join(lines))
