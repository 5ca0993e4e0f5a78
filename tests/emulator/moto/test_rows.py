"""Every row of the table has a test, and every test is for a row of the table."""

import re
from pathlib import Path

from support.emulator.moto_rows import FAITHFUL, UNFAITHFUL


def named(prefix: str) -> set[str]:
    """The rows that the docstrings of the tests here name after this prefix."""
    texts = [file.read_text() for file in Path(__file__).parent.glob("test_*.py")]
    return {row for text in texts for row in re.findall(rf'^    """{prefix}(.+)\."""$', text, re.MULTILINE)}


def test_every_row_has_a_test() -> None:
    assert named("Row: ") == set(UNFAITHFUL)


def test_everything_that_moto_does_like_aws_has_a_test() -> None:
    assert named("Faithful: ") == set(FAITHFUL)
