"""A mutation: one change that breaks the code, and the test that must notice it."""

from pathlib import Path

import msgspec


class Mutation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of a list. The files of a list are TOML: `[[mutations]]`."""

    breaks: str
    """What no longer holds, as a sentence."""
    file: str
    """The file to change. All paths are relative to the root of the repository."""
    text: str
    """Exists exactly once in the file."""
    replacement: str
    test: str
    """The test that must fail: a node ID of pytest, or `path/of_test.go::TestName` for the bridge."""
    k: str = ""
    """A -k expression, which selects among the tests of `test`."""

    @property
    def is_go(self) -> bool:
        return self.test.partition("::")[0].endswith(".go")


class _List(msgspec.Struct, forbid_unknown_fields=True):
    mutations: list[Mutation]


class TextNotUniqueError(Exception):
    """The text of a mutation does not exist exactly once in its file."""


def read_mutations(directory: Path) -> list[Mutation]:
    """The mutations in all lists of the directory."""
    return [
        mutation
        for path in sorted(directory.glob("*.toml"))
        for mutation in msgspec.toml.decode(path.read_bytes(), type=_List).mutations
    ]


def mutated(mutation: Mutation, source: str) -> str:
    """The source with the change. Raises TextNotUniqueError."""
    if (count := source.count(mutation.text)) != 1:
        raise TextNotUniqueError(f"{mutation.file} contains the text {count} times: {mutation.text}")
    return source.replace(mutation.text, mutation.replacement)
