"""Variables for TLS that are set to nothing, as a template leaves them."""

import argparse

import pytest

from elbv2_trafficrouter.settings import PREFIX, add_flags, settings


def test_empty_variables_for_the_files_of_tls_count_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CERT", "KEY", "CLIENT_CA"):
        monkeypatch.setenv(f"{PREFIX}TLS_{name}", "")
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_flags(parser)
    assert settings(parser.parse_args([])).tls is None
