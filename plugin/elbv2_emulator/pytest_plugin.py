"""The pytest fixture `elbv2_emulator`. The emulator is imported only when a test requests the fixture."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elbv2_emulator import Emulator


@pytest.fixture
def elbv2_emulator() -> "Iterator[Emulator]":
    """A separate ELBv2 for each test: `elbv2_emulator.url` is the endpoint for boto3 or any other client."""
    try:
        from elbv2_emulator import Emulator  # noqa: PLC0415  importing it takes long, and needs the extra
    except ModuleNotFoundError as error:
        pytest.fail(f"{error}: the emulator needs the extra, elbv2-trafficrouter[emulator]", pytrace=False)
    with Emulator() as running:
        yield running
