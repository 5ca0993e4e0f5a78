"""What an emulator begins with: a saved state, or what the AWS CLI describes; checked to be whole."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from elbv2_emulator.loading import described as described_start
from elbv2_emulator.loading import saved
from elbv2_emulator.loading.saved import Start
from elbv2_emulator.state.resources import State, forwards
from elbv2_emulator.traffic.addresses import loopback

_KNOWN = (*described_start.ARN_OF, described_start.HEALTH, "TargetGroupArn")


class CannotLoad(ValueError):  # noqa: N818  it says what cannot be done
    """A text that is no state to begin with; the sentence says why."""


def read(*texts: str) -> Start:
    """One saved state, or the outputs of describe calls: in each text a JSON document, or several in a row.

    Raises CannotLoad with a sentence.
    """
    try:
        documents = [document for text in texts for document in _documents(text)]
        if any("format" in document for document in documents):
            start = _saved(documents)
        else:
            start = Start(described_start.states(_outputs(documents)))
        for state in start.states.values():
            _check(state)
        for backend in (start.addresses or {}).values():
            loopback(backend)
    except KeyError as error:
        raise CannotLoad(f"What was described is not whole: it has no {error}") from error
    except (TypeError, AttributeError) as error:
        raise CannotLoad("This is no output of a describe call") from error
    except ValueError as error:
        raise CannotLoad(str(error)) from error
    return start


def _documents(text: str) -> Iterator[dict[str, Any]]:
    decoder, rest = json.JSONDecoder(), text.strip()
    while rest:
        document, end = decoder.raw_decode(rest)
        if not isinstance(document, dict):
            raise CannotLoad(f"A JSON object was expected, not {rest[:40]!r}")
        yield document
        rest = rest[end:].lstrip()


def _saved(documents: Sequence[dict[str, Any]]) -> Start:
    if len(documents) > 1:
        raise CannotLoad("A saved state is loaded alone")
    if documents[0]["format"] != saved.FORMAT:
        raise CannotLoad(f"The format {documents[0]['format']!r} is not {saved.FORMAT!r}")
    return saved.read(documents[0])


def _outputs(documents: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    for document in documents:
        if not document or (unknown := [key for key in document if key not in _KNOWN]):
            raise CannotLoad(
                f"{unknown[0]!r} is not one of {', '.join(_KNOWN)}" if document else "There is nothing in it"
            )
    return documents


def _check(state: State) -> None:
    """Refuse what points to something that is not there: half of it would fail much later, and elsewhere."""
    for listener in state.listeners.values():
        if listener.load_balancer_arn not in state.load_balancers:
            raise CannotLoad(f"'{listener.arn}' is a listener of a load balancer that is missing")
        defaults = [rule for rule in state.rules_of(listener.arn) if rule.is_default]
        if len(defaults) != 1:
            raise CannotLoad(f"'{listener.arn}' has {len(defaults)} default rules")
    for rule in state.rules.values():
        if rule.listener_arn not in state.listeners:
            raise CannotLoad(f"'{rule.arn}' is a rule of a listener that is missing")
        for action in rule.actions:
            for group, _ in forwards(action):
                if group not in state.target_groups:
                    raise CannotLoad(f"'{rule.arn}' forwards to '{group}', which is missing or not of HTTP")
