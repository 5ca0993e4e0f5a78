"""What every problem has: a kind, a sentence that is safe to show, and details for programs."""

import enum
import re
from collections.abc import Mapping
from typing import ClassVar

MAX_SENTENCE_BYTES = 1000
MAX_QUOTED_CHARACTERS = 256
_REMEDY_BYTES = 400
_ARN = re.compile(r"arn:([a-z-]+):[a-z]+:([a-z0-9-]+):([0-9]+):")


class Kind(enum.Enum):
    """The kind of failure, named after the gRPC status code that it becomes."""

    INVALID_ARGUMENT = enum.auto()
    NOT_FOUND = enum.auto()
    FAILED_PRECONDITION = enum.auto()
    PERMISSION_DENIED = enum.auto()
    UNAUTHENTICATED = enum.auto()
    RESOURCE_EXHAUSTED = enum.auto()
    ABORTED = enum.auto()
    CANCELLED = enum.auto()
    UNAVAILABLE = enum.auto()
    DEADLINE_EXCEEDED = enum.auto()
    UNIMPLEMENTED = enum.auto()
    INTERNAL = enum.auto()


class Problem(Exception):  # noqa: N818  a subclass says what is wrong, not that it is an error
    """The reason why a call failed.

    `sentence` is the error message. It contains no percent sign (Argo Rollouts uses it as a format string)
    and no control characters, has at most 1,000 bytes, and is identical whenever the same problem recurs.
    """

    kind: ClassVar[Kind]

    def __init__(self, sentence: str, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.sentence = _cut(_harmless(sentence))
        self.metadata = dict(metadata or {})

    def __str__(self) -> str:
        return self.sentence

    @property
    def reason(self) -> str:
        """For programs: the class's name in the form that google.rpc.ErrorInfo requires (RULE_NOT_FOUND)."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).upper()


def escaped(text: str) -> str:
    """Text from a Rollout or from AWS, made safe to quote: escaped, then cut to 256 characters."""
    harmless = _harmless(text)
    if len(harmless) <= MAX_QUOTED_CHARACTERS:
        return harmless
    return harmless[: MAX_QUOTED_CHARACTERS - 1] + "…"


def quoted(text: str) -> str:
    return f"'{escaped(text)}'"


def resource_of(arn: str) -> str:
    """The part of an ARN by which people know the resource: `listener-rule/app/petclinic/50dc/9f2a/1a2b`."""
    return escaped(arn.split(":", 5)[-1])


def location_text(arn: str) -> str:
    """Where a resource is: `eu-west-1 (account 123456789012)`."""
    known = _ARN.match(arn)
    if known is None:
        return "an unknown region"
    partition, region, account = known.groups()
    return f"{region} (account {account}" + (")" if partition == "aws" else f", partition {partition})")


def _harmless(text: str) -> str:
    return "".join(c if c.isprintable() and c != "%" else f"\\x{ord(c):02x}" for c in text)


def _cut(text: str) -> str:
    """Cuts out the middle: the beginning says what is wrong, and the end says what to do."""
    raw = text.encode()
    if len(raw) <= MAX_SENTENCE_BYTES:
        return text
    beginning = raw[: MAX_SENTENCE_BYTES - _REMEDY_BYTES - len("…".encode())]
    return f"{beginning.decode(errors='ignore')}…{raw[-_REMEDY_BYTES:].decode(errors='ignore')}"
