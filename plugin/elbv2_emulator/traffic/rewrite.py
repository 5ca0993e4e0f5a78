"""Transforms: how a rule rewrites a request before it is forwarded. No I/O."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from elbv2_emulator.state.resources import Described

_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")
_TARGET = re.compile(r"/[!-~]*")


class NotRewritable(Exception):  # noqa: N818  it says what is wrong
    """A transform matches, but its result cannot be sent. AWS answers 500."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """`target`: path and query, still encoded. `host`: the Host header; None keeps the client's."""

    target: str
    host: str | None = None


def rewrite(transforms: Sequence[Described], target: str, host: str) -> Rewritten:
    """What is forwarded for a request for this path and query. `host`: without the port.

    Each transform replaces its first match; `$1` to `$9` refer to its groups, `$0` to the whole match. A
    transform without a match changes nothing. Raises NotRewritable.
    """
    rewritten = Rewritten(target)
    for transform in transforms:
        if transform["Type"] == "host-header-rewrite":
            changed = _replace(transform["HostHeaderRewriteConfig"], host, _HOST, re.IGNORECASE)
            rewritten = rewritten if changed is None else replace(rewritten, host=changed)
        else:
            changed = _replace(transform["UrlRewriteConfig"], target, _TARGET)
            rewritten = rewritten if changed is None else replace(rewritten, target=changed)
    return rewritten


def _replace(config: Described, text: str, sendable: re.Pattern[str], flags: int = 0) -> str | None:
    for rule in config["Rewrites"]:
        if match := _compile(rule["Regex"], flags).search(text):
            changed = text[: match.start()] + _fill(rule["Replace"], match) + text[match.end() :]
            if not sendable.fullmatch(changed):
                raise NotRewritable(f"'{text}' would become '{changed}'")
            return changed
    return None


@functools.lru_cache(maxsize=4096)
def _compile(pattern: str, flags: int) -> re.Pattern[str]:
    return re.compile(pattern, flags)


def _fill(replacement: str, match: re.Match[str]) -> str:
    def group(reference: re.Match[str]) -> str:
        try:
            return match[int(reference[1])] or ""
        except IndexError as error:
            raise NotRewritable(f"'{match.re.pattern}' has no group {reference[1]}") from error

    return re.sub(r"\$([0-9])", group, replacement)
