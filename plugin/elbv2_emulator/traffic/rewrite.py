"""What a rule's transforms make of a request before it is sent on. No I/O."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from elbv2_emulator.state.resources import Described

_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")
_TARGET = re.compile(r"/[!-~]*")


class NotRewritable(Exception):  # noqa: N818  it says what is wrong
    """A transform matches, and what it gives cannot be sent: AWS answers 500."""


@dataclass(frozen=True, slots=True)
class Sent:
    """`target`: path and query as they are written. `host`: the Host header, None leaves the client's."""

    target: str
    host: str | None = None


def rewritten(transforms: Sequence[Described], target: str, host: str) -> Sent:
    """What is sent on for a request for this path and query on this host, which is without a port.

    Of each transform the first match is replaced; `$1` to `$9` stand for its groups, `$0` for all of it.
    Without a match the request stays as it is.
    """
    sent = Sent(target)
    for transform in transforms:
        if transform["Type"] == "host-header-rewrite":
            changed = _replaced(transform["HostHeaderRewriteConfig"], host, _HOST, re.IGNORECASE)
            sent = sent if changed is None else replace(sent, host=changed)
        else:
            changed = _replaced(transform["UrlRewriteConfig"], target, _TARGET)
            sent = sent if changed is None else replace(sent, target=changed)
    return sent


def _replaced(config: Described, text: str, sendable: re.Pattern[str], flags: int = 0) -> str | None:
    for rewrite in config["Rewrites"]:
        if found := _compiled(rewrite["Regex"], flags).search(text):
            changed = text[: found.start()] + _filled(rewrite["Replace"], found) + text[found.end() :]
            if not sendable.fullmatch(changed):
                raise NotRewritable(f"'{text}' would become '{changed}'")
            return changed
    return None


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str, flags: int) -> re.Pattern[str]:
    return re.compile(pattern, flags)


def _filled(replacement: str, found: re.Match[str]) -> str:
    def group(reference: re.Match[str]) -> str:
        try:
            return found[int(reference[1])] or ""
        except IndexError as error:
            raise NotRewritable(f"'{found.re.pattern}' has no group {reference[1]}") from error

    return re.sub(r"\$([0-9])", group, replacement)
