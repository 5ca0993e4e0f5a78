"""The pytest fixture `elbv2_emulator`. It imports nothing until a test asks for it."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elbv2_emulator.server import Emulator


@pytest.fixture
def elbv2_emulator() -> "Iterator[Emulator]":
    """An ELBv2 of the test's own: `elbv2_emulator.url` is the endpoint for boto3 or any other client."""
    try:
        from elbv2_emulator.server import Emulator  # noqa: PLC0415  it is large, and may be missing
    except ModuleNotFoundError as error:
        pytest.fail(f"{error}: the emulator needs the extra, elbv2-trafficrouter[emulator]", pytrace=False)
    with Emulator() as running:
        yield running
