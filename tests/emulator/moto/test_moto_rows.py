"""No row of the table is without a test, and no test is for a row that is not in it."""

import ast
from pathlib import Path

from support.moto_rows import FAITHFUL, UNFAITHFUL


def named(prefix: str) -> set[str]:
    """What the first lines of the docstrings of the tests here name behind this word."""
    docstrings = [
        ast.get_docstring(one) or ""
        for file in Path(__file__).parent.glob("test_*.py")
        for one in ast.parse(file.read_text()).body
        if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")
    ]
    firsts = [docstring.splitlines()[0] for docstring in docstrings if docstring]
    return {line.removeprefix(prefix).removesuffix(".") for line in firsts if line.startswith(prefix)}


def test_every_row_has_a_test() -> None:
    assert named("Row: ") == set(UNFAITHFUL)


def test_everything_that_moto_does_as_aws_does_has_a_test() -> None:
    assert named("Faithful: ") == set(FAITHFUL)
