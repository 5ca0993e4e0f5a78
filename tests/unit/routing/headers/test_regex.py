"""What is wrong with a regular expression, as far as all common engines agree."""

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from elbv2_trafficrouter.routing.headers.regex import fault_in


@pytest.mark.parametrize(
    ("regex", "fault"),
    [
        ("(", "it has a '(' without a ')'"),
        ("[a-", "it has a '[' that is not closed"),
        ("*a", "there is nothing that the '*' could repeat"),
        ("a)", "it has a ')' without a '('"),
        ("(a|+)", "there is nothing that the '+' could repeat"),
        ("(?:?a)", "there is nothing that the '?' could repeat"),
        ("(?i:a", "it has a '(' without a ')'"),
        ("(?", "it has a '(' without a ')'"),
        ("[]", "it has a '[' that is not closed"),
        ("[^]", "it has a '[' that is not closed"),
        ("[[:alpha:]", "it has a '[' that is not closed"),
        ("[a\\]", "it has a '[' that is not closed"),
        ("a\\", "it ends in a backslash"),
    ],
)
def test_a_broken_regular_expression(regex: str, fault: str) -> None:
    assert fault_in(regex) == fault


@pytest.mark.parametrize(
    "regex",
    [
        "",
        "a",
        "^alice@(example|internal)\\.com$",
        "a*?b+?c??",
        "a*+",
        "^*",
        "(?i)alice",
        "(?:a|b|)+",
        "(?P<who>a)(?<what>b)",
        "[]a)(*]",
        "[^]a]",
        "[[:alpha:]-]+",
        "[a\\]b]",
        "[[]",
        "[1[:]",
        r"\Q(*[\E*",
        r"\Q(*[",
        r"\(\[\*\)",
        "a{2,}{",
        "]",
        "{2}",
    ],
)
def test_what_some_engine_accepts_is_left_to_aws(regex: str) -> None:
    assert fault_in(regex) is None


@given(st.text("()[]|*+?\\\\a-^$:i.{1}", max_size=12))
@example("(?P<a>[])])")
def test_what_python_accepts_has_no_fault(regex: str) -> None:
    try:
        re.compile(regex)
    except re.error:
        assume(False)
    except FutureWarning:  # Python reserves "[[" and "--" in a class
        assume(False)
    assert fault_in(regex) is None
