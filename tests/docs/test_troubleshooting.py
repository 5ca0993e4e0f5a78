"""The symptoms in docs/troubleshooting.md are what the programs say, with `…` for the parts that differ."""

import ast
import re
from collections.abc import Iterator

import pytest

from elbv2_trafficrouter.errors import Kind
from support.docs.pages import ROOT, page

TROUBLESHOOTING = page("troubleshooting.md")
PROTO = (ROOT / "proto" / "trafficrouter" / "v1" / "trafficrouter.proto").read_text()
POLICIES = "".join(file.read_text() for file in sorted((ROOT / "deploy" / "iam").glob("*.json")))

# Symptoms that are not the project's own sentences, and whose they are.
OTHERS = {
    "larger than max": "gRPC's",
    "Failed to dial": "grpcurl's",
}


def quoted_symptoms() -> Iterator[str]:
    for symptom, *_ in TROUBLESHOOTING.rows("symptom"):
        yield from re.findall(r"`([^`]+)`", symptom)


def sentences() -> Iterator[str]:
    """Every text in the sidecar's and the bridge's code, with `…` for what is put into it."""
    for file in (ROOT / "plugin" / "elbv2_trafficrouter").rglob("*.py"):
        if not {"_pb", "demo"} & set(file.parts):
            yield from python_texts(file.read_text())
    for file in (ROOT / "plugin" / "bridge").glob("*.go"):
        if not file.name.endswith("_test.go"):
            yield from go_texts(file.read_text())


def python_texts(code: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def go_texts(code: str) -> Iterator[str]:
    for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', code):
        yield re.sub(r"%[a-z]", "…", text)


SENTENCES = list(sentences())


def is_said(symptom: str) -> bool:
    return any(symptom in sentence for sentence in SENTENCES)


@pytest.mark.parametrize("symptom", sorted(set(quoted_symptoms())))
def test_a_symptom_is_what_the_programs_say(symptom: str) -> None:
    if re.fullmatch(r"[A-Z]+_[A-Z_]+|[A-Z]+", symptom):
        assert symptom in Kind.__members__ or symptom in PROTO, "a status code, or a verification"
    elif re.fullmatch(r"(?:elasticloadbalancing:)?[A-Z][a-z]+[A-Z][A-Za-z]+", symptom):
        assert symptom in POLICIES, "an action of ELBv2 that the policies allow"
    elif symptom not in OTHERS:
        assert is_said(symptom), "a sentence's part"


def test_every_problem_s_kind_has_a_row() -> None:
    """CANCELLED is for a client that no longer reads."""
    named = set(quoted_symptoms())
    assert {kind.name for kind in Kind} - named == {"CANCELLED"}


def test_every_exception_is_needed() -> None:
    assert set(OTHERS) <= set(quoted_symptoms())
    assert not any(map(is_said, OTHERS))


def test_what_is_put_into_a_sentence_is_three_dots() -> None:
    assert list(python_texts('raise E(f"There is no {rule}: " f"its listener {name!r} exists")')) == [
        "There is no …: its listener … exists",
        "There is no ",
        ": its listener ",
        " exists",
    ]
    assert list(go_texts('Errorf("the sidecar at %s is %v", address)')) == ["the sidecar at … is …"]


@pytest.mark.parametrize("symptom", ["the sidecar at … is broken", "has keys that this router invented"])
def test_a_sentence_that_nobody_says_is_found(symptom: str) -> None:
    assert not is_said(symptom)
