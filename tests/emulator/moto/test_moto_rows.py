"""No row of the table is without a test, and no test is for a row that is not in it."""

import re
from pathlib import Path

from support.emulator.moto_rows import FAITHFUL, UNFAITHFUL


def named(prefix: str) -> set[str]:
    """What the docstrings of the tests here name behind this word."""
    texts = [file.read_text() for file in Path(__file__).parent.glob("test_*.py")]
    return {one for text in texts for one in re.findall(rf'^    """{prefix}(.+)\."""$', text, re.MULTILINE)}


def test_every_row_has_a_test() -> None:
    assert named("Row: ") == set(UNFAITHFUL)


def test_everything_that_moto_does_as_aws_does_has_a_test() -> None:
    assert named("Faithful: ") == set(FAITHFUL)
