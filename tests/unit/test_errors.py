"""Every Problem, found by introspection, keeps the promises about its sentence whatever its arguments are."""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elbv2_trafficrouter.errors import (
    MAX_QUOTED_CHARACTERS,
    MAX_SENTENCE_BYTES,
    Kind,
    Problem,
    escaped,
    quoted,
    resource_of,
)
from elbv2_trafficrouter.errors.aws import Throttled
from elbv2_trafficrouter.errors.request import InvalidConfig, InvalidRequest, UnknownKeys
from elbv2_trafficrouter.errors.rules import NoForwardToStable, RuleNotFound, SharesDiffer

RULE = (
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:"
    "listener-rule/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
)
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/was-stable/73e2d6bc24d8a067"


def subclasses(of: type[Problem]) -> Iterator[type[Problem]]:
    for subclass in of.__subclasses__():
        yield subclass
        yield from subclasses(subclass)


PROBLEMS = sorted(
    (found for found in subclasses(Problem) if found.__module__.startswith("elbv2_trafficrouter.errors.")),
    key=lambda problem: problem.__name__,
)

# Arguments for a constructor, by type, made from a single text.
ARGUMENTS: dict[str, Callable[[str], object]] = {
    "str": lambda text: text,
    "int": lambda _: 7,
    "int | None": lambda _: 7,
    "Iterable[str]": lambda text: [text, text],
    "Sequence[str]": lambda text: [text, text],
    "Sequence[tuple[str, str]]": lambda text: [(text, "arn"), (text, "rules")],
    "Iterable[tuple[str, int | None, int]]": lambda text: [(text, 10, 25), (text, None, 75)],
}

# Arguments that our own code writes; all other texts are foreign.
OURS = {"action", "field", "method", "path", "remedy", "trouble", "waited_for", "what"}


def made(problem: type[Problem], text: str, ours: str | None = None) -> Problem:
    """The problem with `text` for each argument, or `ours` for those that our own code writes."""
    arguments: dict[str, Any] = {}
    for name, parameter in inspect.signature(problem).parameters.items():
        annotation = re.sub(
            r"\b(collections\.abc\.|typing\.)", "", inspect.formatannotation(parameter.annotation)
        )
        given_text = ours if name in OURS and ours is not None else text
        arguments[name] = ARGUMENTS[annotation](given_text)
    return problem(**arguments)


every_problem = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.__name__)


def keeps_its_promises(problem: Problem) -> bool:
    sentence = problem.sentence
    return (
        "%" not in sentence
        and sentence.isprintable()
        and len(sentence.encode()) <= MAX_SENTENCE_BYTES
        and str(problem) == sentence
    )


def test_there_are_problems_to_test() -> None:
    assert len(PROBLEMS) > 20


@every_problem
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("100%d %s %", id="percent signs"),
        pytest.param("one\ntwo\r\nthree\x00\x1b[31m\x7f\x9b\u2028\u202e", id="control characters"),
        pytest.param("x" * 10_000, id="long"),
        pytest.param("%" * 10_000, id="long and to be escaped"),
        pytest.param("\ud800" * 300, id="lone surrogates"),
        *(
            pytest.param("x" * shift + "🚦" * 3_000, id=f"emoji at the cut, shifted {shift}")
            for shift in range(4)
        ),
    ],
)
def test_a_sentence_is_harmless_and_short_whatever_it_quotes(problem: type[Problem], text: str) -> None:
    assert keeps_its_promises(made(problem, text))


@every_problem
@given(text=st.text())
def test_a_sentence_is_harmless_and_short_for_any_text(problem: type[Problem], text: str) -> None:
    assert keeps_its_promises(made(problem, text))


@every_problem
@pytest.mark.parametrize("character", ["q", "🚦", "%", "\n"])
def test_a_sentence_quotes_at_most_256_characters_of_somebody_elses(
    problem: type[Problem], character: str
) -> None:
    sentence = made(problem, character * 10_000, ours="here").sentence
    escaped = character if character.isprintable() and character != "%" else f"\\x{ord(character):02x}"
    runs = re.findall(f"(?:{re.escape(escaped)})+", sentence)
    assert max(map(len, runs), default=0) <= MAX_QUOTED_CHARACTERS


@every_problem
def test_a_sentence_still_says_what_to_do_when_it_is_cut(problem: type[Problem]) -> None:
    """What to do is at the end or, for a list of keys, before the list."""
    ours = "what our own code writes"
    short = made(problem, "x", ours).sentence
    long = made(problem, "🚦" * 10_000, ours).sentence
    assert "Correct or remove" in long if problem is UnknownKeys else long.endswith(short[-30:])


@every_problem
def test_a_sentence_is_complete(problem: type[Problem]) -> None:
    sentence = made(problem, "Xy").sentence
    assert sentence[0].isupper() or sentence.startswith("elasticloadbalancing:")
    assert sentence.endswith((".", "Xy"))
    assert "  " not in sentence
    assert ".." not in sentence


@every_problem
def test_a_kind_and_a_reason_are_for_programs(problem: type[Problem]) -> None:
    """In the form that google.rpc.ErrorInfo requires."""
    built = made(problem, "x")
    assert isinstance(built.kind, Kind)
    assert re.fullmatch(r"[A-Z][A-Z0-9_]+[A-Z0-9]", built.reason)
    assert len(built.reason) <= 63


def test_reasons_differ() -> None:
    reasons = [made(problem, "x").reason for problem in PROBLEMS]
    assert len(set(reasons)) == len(reasons)


def test_a_reason_is_the_name_of_the_class_in_capitals() -> None:
    assert made(RuleNotFound, "x").reason == "RULE_NOT_FOUND"


@every_problem
def test_metadata_are_texts(problem: type[Problem]) -> None:
    assert all(isinstance(value, str) for value in made(problem, "x").metadata.values())


def test_a_sentence_names_the_resource_and_metadata_the_arn() -> None:
    problem = NoForwardToStable(RULE, "was-stable", GROUP, [])
    assert problem.sentence.startswith(
        "listener-rule/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee "
        "does not forward to targetgroup/was-stable/73e2d6bc24d8a067, the target group of the Service "
        "was-stable. It forwards to no target group. Add"
    )
    assert problem.metadata == {"rule": RULE, "target_group": GROUP}


def test_unknown_keys_are_listed_with_the_closest_known_key() -> None:
    problem = UnknownKeys([("plugins['p'].rule", "rules"), ("plugins['p'].rules[0].ran", "arn")])
    assert problem.sentence.endswith(
        ": plugins['p'].rule (did you mean rules?), plugins['p'].rules[0].ran (did you mean arn?)."
    )
    assert problem.metadata == {"fields": "plugins['p'].rule\nplugins['p'].rules[0].ran"}


def test_differing_shares_are_listed_by_service() -> None:
    problem = SharesDiffer(RULE, [("was-stable", 90, 75), ("was-canary", None, 25)])
    assert "was-stable has 90, expected 75; was-canary is absent, expected 25." in problem.sentence


@pytest.mark.parametrize("problem", [InvalidRequest, InvalidConfig])
def test_a_wrong_field_is_named_in_the_metadata(problem: type[InvalidRequest | InvalidConfig]) -> None:
    built = problem("desired_weight", "is 101", "It must be from 0 to 100.")
    assert built.sentence == "desired_weight is 101. It must be from 0 to 100."
    assert built.metadata == {"field": "desired_weight"}


def test_the_same_trouble_has_the_same_sentence() -> None:
    assert str(Throttled("a:B", "Throttling")) == str(Throttled("a:B", "Throttling"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("was-stable", "'was-stable'", id="as it is"),
        pytest.param("été 🚦", "'été 🚦'", id="beyond ASCII"),
        pytest.param("a%b\n", "'a\\x25b\\x0a'", id="escaped"),
        pytest.param("q" * 256, f"'{'q' * 256}'", id="at the limit"),
        pytest.param("q" * 257, f"'{'q' * 255}…'", id="above the limit"),
    ],
)
def test_a_quotation_is_escaped_and_cut_to_256_characters(text: str, shown: str) -> None:
    assert quoted(text) == shown


@given(st.text())
def test_escaped_text_is_not_escaped_a_second_time(text: str) -> None:
    assert escaped(escaped(text)) == escaped(text)


@pytest.mark.parametrize(
    ("arn", "resource"),
    [
        pytest.param(GROUP, "targetgroup/was-stable/73e2d6bc24d8a067", id="an ARN"),
        pytest.param("*", "*", id="all resources"),
        pytest.param("", "", id="nothing"),
        pytest.param("a:b:c:d:e:f:g", "f:g", id="colons in the resource"),
    ],
)
def test_the_resource_of_an_arn(arn: str, resource: str) -> None:
    assert resource_of(arn) == resource
