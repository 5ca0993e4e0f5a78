"""Reads contents from text: a saved state, or the output of the AWS CLI. Rejects incomplete contents."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from elbv2_emulator.loading import described, saved
from elbv2_emulator.loading.saved import Contents
from elbv2_emulator.state.resources import State, forwards
from elbv2_emulator.traffic.addresses import parse_loopback_address

_KNOWN = (*described.ARN_OF, described.HEALTH, "TargetGroupArn")


class CannotLoad(ValueError):  # noqa: N818  it says what cannot be done
    """The text cannot be loaded; the message says why."""


def read_contents(*texts: str) -> Contents:
    """Reads one saved state, or the output of describe commands. A text has one or more JSON documents.

    Raises CannotLoad.
    """
    try:
        documents = [document for text in texts for document in _parse(text)]
        if any("format" in document for document in documents):
            contents = _from_saved(documents)
        else:
            contents = Contents(described.states_from(_check_keys(documents)))
        for state in contents.states.values():
            _check_references(state)
        for backend in (contents.addresses or {}).values():
            parse_loopback_address(backend)
    except KeyError as error:
        raise CannotLoad(f"The output of a describe call is incomplete: {error} is missing") from error
    except (TypeError, AttributeError) as error:
        raise CannotLoad("This is not the output of a describe call") from error
    except ValueError as error:
        raise CannotLoad(str(error)) from error
    return contents


def _parse(text: str) -> Iterator[dict[str, Any]]:
    decoder, rest = json.JSONDecoder(), text.strip()
    while rest:
        document, end = decoder.raw_decode(rest)
        if not isinstance(document, dict):
            raise CannotLoad(f"A JSON object was expected, not {rest[:40]!r}")
        yield document
        rest = rest[end:].lstrip()


def _from_saved(documents: Sequence[dict[str, Any]]) -> Contents:
    if len(documents) > 1:
        raise CannotLoad("A saved state cannot be loaded together with other documents")
    if documents[0]["format"] != saved.FORMAT:
        raise CannotLoad(f"The format {documents[0]['format']!r} is not {saved.FORMAT!r}")
    return saved.from_document(documents[0])


def _check_keys(documents: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    for document in documents:
        if not document:
            raise CannotLoad("The JSON object is empty: this is not the output of a describe call")
        if unknown := [key for key in document if key not in _KNOWN]:
            raise CannotLoad(f"{unknown[0]!r} is not one of {', '.join(_KNOWN)}")
    return documents


def _check_references(state: State) -> None:
    """Reject references to missing resources now: otherwise, calls would fail because of them much later."""
    for listener in state.listeners.values():
        if listener.load_balancer_arn not in state.load_balancers:
            raise CannotLoad(f"The load balancer of the listener '{listener.arn}' is missing")
        defaults = [rule for rule in state.rules_of(listener.arn) if rule.is_default]
        if len(defaults) != 1:
            raise CannotLoad(f"'{listener.arn}' has {len(defaults)} default rules")
    for rule in state.rules.values():
        if rule.listener_arn not in state.listeners:
            raise CannotLoad(f"The listener of the rule '{rule.arn}' is missing")
        for action in rule.actions:
            for group, _ in forwards(action):
                if group not in state.target_groups:
                    raise CannotLoad(
                        f"'{rule.arn}' forwards to '{group}', which is missing or does not use HTTP or HTTPS"
                    )
