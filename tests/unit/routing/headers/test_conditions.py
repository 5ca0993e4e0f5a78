"""A header route's matches → conditions of an ELBv2 rule."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from elbv2_trafficrouter.errors.managed_routes import InvalidHeaderRoute
from elbv2_trafficrouter.rollout.intent import HeaderMatch, HeaderRoute
from elbv2_trafficrouter.routing.headers.conditions import header_conditions
from elbv2_trafficrouter.routing.rule import Condition


def conditions(*matches: HeaderMatch) -> frozenset[Condition]:
    return header_conditions(HeaderRoute("beta", matches))


def refusal(*matches: HeaderMatch) -> str:
    with pytest.raises(InvalidHeaderRoute) as caught:
        conditions(*matches)
    assert caught.value.metadata == {"route": "beta"}
    return caught.value.sentence


def plain(name: str, *values: str) -> Condition:
    return Condition("http-header", frozenset(values), is_regex=False, name=name)


def regex(name: str, *values: str) -> Condition:
    return Condition("http-header", frozenset(values), is_regex=True, name=name)


# One match


@pytest.mark.parametrize(
    ("match", "condition"),
    [
        pytest.param(HeaderMatch("X-User", exact="alice"), plain("X-User", "alice"), id="exact"),
        pytest.param(HeaderMatch("X-User", prefix="int-"), plain("X-User", "int-*"), id="prefix"),
        pytest.param(HeaderMatch("X-User", regex="^a|b$"), regex("X-User", "^a|b$"), id="regex as it is"),
        pytest.param(HeaderMatch("X-User", exact="a*c"), regex("X-User", r"^a\*c$"), id="* means itself"),
        pytest.param(HeaderMatch("X-User", exact="a?c"), regex("X-User", r"^a\?c$"), id="? means itself"),
        pytest.param(HeaderMatch("X-User", prefix="a*"), regex("X-User", r"^a\*.*"), id="prefix with a *"),
        pytest.param(HeaderMatch("X-User", exact="1.2 (x)"), plain("X-User", "1.2 (x)"), id="no wildcards"),
        pytest.param(
            HeaderMatch("X-User", exact=r"\^$.|?*+()[]{}"),
            regex("X-User", r"^\\\^\$\.\|\?\*\+\(\)\[\]\{\}$"),
            id="all special characters of regular expressions",
        ),
        pytest.param(HeaderMatch("X-User", exact="été"), plain("X-User", "été"), id="beyond ASCII"),
    ],
)
def test_a_match_becomes_a_condition(match: HeaderMatch, condition: Condition) -> None:
    assert conditions(match) == {condition}


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).filter(str.isprintable), st.text())
def test_an_exact_value_matches_itself_and_nothing_else(value: str, other: str) -> None:
    """It becomes a regular expression if it contains a wildcard of ELBv2."""
    (condition,) = conditions(HeaderMatch("X-User", exact=value))
    (found,) = condition.values
    assert isinstance(found, str)
    if condition.is_regex:
        assert re.search(found, value)
        assert bool(re.search(found, other)) == (other.removesuffix("\n") == value)
    else:
        assert found == value
        assert not {"*", "?"} & set(found)


@given(st.text("ab.*?+^$", min_size=1, max_size=9), st.text("ab.*?+^$", max_size=9))
def test_a_prefix_matches_all_values_that_begin_with_it(prefix: str, value: str) -> None:
    (condition,) = conditions(HeaderMatch("X-User", prefix=prefix))
    (found,) = condition.values
    assume(isinstance(found, str))
    if condition.is_regex:
        assert bool(re.search(str(found), value)) == value.startswith(prefix)
    else:
        assert found == f"{prefix}*"


# Several matches


def test_different_headers_become_different_conditions() -> None:
    assert conditions(HeaderMatch("X-User", exact="alice"), HeaderMatch("X-Region", exact="eu")) == {
        plain("X-User", "alice"),
        plain("X-Region", "eu"),
    }


def test_the_same_header_twice_becomes_one_condition_with_both_values() -> None:
    assert conditions(HeaderMatch("X-User", exact="alice"), HeaderMatch("x-user", prefix="bob")) == {
        plain("X-User", "alice", "bob*")
    }


def test_if_one_value_of_a_header_needs_a_regular_expression_all_become_one() -> None:
    """AWS takes Values or RegexValues in a condition, not both."""
    assert conditions(
        HeaderMatch("X-User", exact="a.b"),
        HeaderMatch("X-User", prefix="int-"),
        HeaderMatch("X-User", regex="c+"),
        HeaderMatch("X-Region", exact="eu"),
    ) == {regex("X-User", r"^a\.b$", "^int-.*", "c+"), plain("X-Region", "eu")}


def test_the_same_value_twice_counts_once() -> None:
    four = (HeaderMatch("X-User", exact=user) for user in ("alice", "bob", "carol", "alice"))
    assert conditions(*four) == {plain("X-User", "alice", "bob", "carol")}


# Refusals


def test_a_fourth_value_is_refused() -> None:
    four = (HeaderMatch("X-User", exact=user) for user in ("alice", "bob", "carol", "dave"))
    assert refusal(*four) == (
        "In the header route 'beta', the header 'X-User' has 4 values. "
        "ELBv2 accepts 3 in a condition. Use fewer values, a prefix or a regex."
    )


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        pytest.param("", "''", id="empty"),
        pytest.param("X" * 41, f"'{'X' * 41}'", id="longer than 40"),
        pytest.param("X User", "'X User'", id="a space"),
        pytest.param("X-User:", "'X-User:'", id="a colon"),
        pytest.param("X-Üser", "'X-Üser'", id="beyond ASCII"),
        pytest.param("X-User\n", "'X-User\\x0a'", id="a line break at its end"),
    ],
)
def test_an_invalid_header_name_is_refused(name: str, quoted: str) -> None:
    assert refusal(HeaderMatch(name, exact="1")) == (
        f"In the header route 'beta', match[0].headerName is {quoted}. "
        "ELBv2 accepts header names of 1 to 40 letters, digits and !#$&'*+.^_`|~-."
    )


@pytest.mark.parametrize("name", ["X" * 40, "!#$%&'*+.^_`|~-09az"])
def test_a_valid_header_name_of_up_to_40_characters_is_accepted(name: str) -> None:
    assert conditions(HeaderMatch(name, exact="1")) == {plain(name, "1")}


@pytest.mark.parametrize("name", ["Host", "host", "HOST"])
def test_the_host_header_is_refused(name: str) -> None:
    assert refusal(HeaderMatch("X-User", exact="1"), HeaderMatch(name, exact="example.com")) == (
        "In the header route 'beta', match[1].headerName is 'Host'. "
        "ELBv2 matches it only in host-header conditions. Choose another header."
    )


@pytest.mark.parametrize(
    ("match", "has"),
    [
        pytest.param(HeaderMatch("X-User"), "none of exact, prefix and regex", id="no kind"),
        pytest.param(HeaderMatch("X-User", exact="a", prefix="b"), "exact and prefix", id="two kinds"),
        pytest.param(
            HeaderMatch("X-User", exact="a", prefix="b", regex="c"),
            "exact and prefix and regex",
            id="three kinds",
        ),
    ],
)
def test_a_value_of_no_kind_or_of_several_is_refused(match: HeaderMatch, has: str) -> None:
    assert refusal(match) == (
        f"In the header route 'beta', match[0].headerValue has {has}. "
        "Set exactly one of exact, prefix and regex."
    )


@pytest.mark.parametrize("kind", ["exact", "prefix", "regex"])
@pytest.mark.parametrize("character", ["\n", "\x00", "\x7f", "\u2028"], ids=ascii)
def test_a_value_with_characters_that_headers_cannot_contain_is_refused(kind: str, character: str) -> None:
    assert refusal(HeaderMatch("X-User", **{kind: f"a{character}"})) == (
        f"In the header route 'beta', match[0].headerValue.{kind} is 'a\\x{ord(character):02x}'. "
        "Headers of requests cannot contain such characters."
    )


@pytest.mark.parametrize("pattern", [r"\(?=a", r"\\1", r"a\.b", "(?:a|b)", "(?i)a"])
def test_patterns_that_only_look_like_look_around_are_accepted(pattern: str) -> None:
    assert conditions(HeaderMatch("X-User", regex=pattern)) == {regex("X-User", pattern)}


@pytest.mark.parametrize(
    "pattern", ["(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", r"(a)\1", r"(a)(b)\2", "(?P<x>a)(?P=x)"]
)
def test_look_around_and_references_are_refused(pattern: str) -> None:
    assert refusal(HeaderMatch("X-User", regex=pattern)) == (
        f"In the header route 'beta', match[0].headerValue.regex is '{pattern}'. "
        "Regular expressions in ELBv2 cannot use look-around or back-references."
    )


@pytest.mark.parametrize("pattern", ["(?:a|b)", "(?i)alice", r"\d+", "a?b"])
def test_other_regular_expressions_are_left_to_aws(pattern: str) -> None:
    assert conditions(HeaderMatch("X-User", regex=pattern)) == {regex("X-User", pattern)}


@pytest.mark.parametrize(
    ("matches", "length"),
    [
        pytest.param([HeaderMatch("X-User", exact="x" * 129)], 129, id="exact"),
        pytest.param([HeaderMatch("X-User", prefix="x" * 128)], 129, id="prefix with its *"),
        pytest.param([HeaderMatch("X-User", regex="x" * 129)], 129, id="regex"),
        pytest.param([HeaderMatch("X-User", exact="*" + "." * 63)], 130, id="exact, escaped"),
        pytest.param([HeaderMatch("X-User", prefix="?" + "." * 62)], 129, id="prefix, escaped"),
        pytest.param(
            [HeaderMatch("X-User", exact="." * 64), HeaderMatch("x-user", regex="a")],
            130,
            id="exact, escaped because another value of the header is a regex",
        ),
    ],
)
def test_a_value_longer_than_128_as_a_condition_is_refused(matches: list[HeaderMatch], length: int) -> None:
    assert refusal(*matches) == (
        f"In the header route 'beta', the value for 'X-User' is {length} characters long as a condition. "
        "ELBv2 accepts 128 characters. Shorten the value, or match a prefix."
    )


@pytest.mark.parametrize(
    "match",
    [
        pytest.param(HeaderMatch("X-User", exact="x" * 128), id="exact"),
        pytest.param(HeaderMatch("X-User", prefix="x" * 127), id="prefix with its *"),
        pytest.param(HeaderMatch("X-User", regex="x" * 128), id="regex"),
        pytest.param(HeaderMatch("X-User", exact="*" + "." * 62), id="exact, escaped"),
    ],
)
def test_a_value_of_128_characters_is_accepted(match: HeaderMatch) -> None:
    (condition,) = conditions(match)
    assert max(len(str(value)) for value in condition.values) == 128
