"""Handles a request to a listener: match a rule, forward or respond, count the outcome."""

from collections.abc import Iterable, Sequence
from random import Random

import aiohttp
from aiohttp import web

from elbv2_emulator.state.journal import Entry, Journal
from elbv2_emulator.state.resources import Listener, Rule, State
from elbv2_emulator.state.timing import Clock
from elbv2_emulator.traffic import own_answers, undocumented
from elbv2_emulator.traffic.addresses import Addresses, backend_url
from elbv2_emulator.traffic.choice import Choice, Chooser
from elbv2_emulator.traffic.counts import Counts, RequestOutcome
from elbv2_emulator.traffic.forwarding import Forwarder, Hop
from elbv2_emulator.traffic.matching import Request, first_match
from elbv2_emulator.traffic.rewrite import NotRewritable, rewrite
from elbv2_emulator.traffic.settings import TrafficSettings


class Balancer:
    """Handles the requests to all listeners."""

    def __init__(
        self,
        addresses: Addresses,
        counts: Counts,
        settings: TrafficSettings,
        forwarder: Forwarder,
        journal: Journal,
        *,
        random: Random,
        clock: Clock,
    ) -> None:
        self._addresses = addresses
        self._counts = counts
        self._settings = settings
        self._forwarder = forwarder
        self._journal = journal
        self._journaled: dict[str, int] = {}  # target group → version of the state
        self._chooser = Chooser(random)
        self._clock = clock

    async def answer(
        self, state: State, listener: Listener, rules: Sequence[Rule], request: web.BaseRequest
    ) -> web.StreamResponse:
        """The response to a request to this listener. `rules`: the listener's, in their order."""
        now = self._clock()
        parsed = _parse(request)
        rule = first_match(rules, parsed) if parsed.path.startswith("/") else None
        if rule is None:
            return self._record_outcome(now, None, Choice(None), own_answers.error_page(400))
        # Only the last action handles the request: authentication before it always succeeds here.
        action = rule.actions[-1]
        match action["Type"]:
            case "fixed-response":
                fixed = own_answers.fixed_response(action["FixedResponseConfig"])
                return self._record_outcome(now, rule, Choice(None), fixed)
            case "redirect":
                redirect = own_answers.redirect(action["RedirectConfig"], listener, parsed)
                return self._record_outcome(now, rule, Choice(None), redirect)
        choice = self._chooser.choose(
            action, state, request.cookies, now, serve_initial=self._settings.serve_initial
        )
        self._journal_undocumented(choice, state, now)
        response = await self._forward(listener, rule, choice, request, host=parsed.host, now=now)
        return self._record_outcome(now, rule, choice, response)

    async def _forward(
        self,
        listener: Listener,
        rule: Rule,
        choice: Choice,
        request: web.BaseRequest,
        *,
        host: str,
        now: float,
    ) -> web.StreamResponse:
        if choice.group is None or choice.target is None:
            return own_answers.error_page(choice.refusal)
        backend = self._addresses.backend(choice.target.id, choice.target.port)
        if backend is None:
            return own_answers.error_page(502)

        def cookies(set_by_target: Iterable[str]) -> list[str]:
            return [line for hold in choice.holds for line in hold.cookie_lines(now, set_by_target)]

        try:
            rewritten = rewrite(rule.transforms, request.raw_path, host)
            url = backend_url(choice.group.settings["Protocol"], backend, rewritten.target)
            hop = Hop(url, rewritten.host, listener.protocol.lower(), listener.port, cookies)
            return await self._forwarder.relay(request, hop)
        except NotRewritable:
            return own_answers.error_page(500)
        except TimeoutError:
            return own_answers.error_page(504)
        except aiohttp.ClientError:
            return own_answers.error_page(502)

    def _journal_undocumented(self, choice: Choice, state: State, now: float) -> None:
        """Journal handling that AWS does not document, once for each group and version of the state."""
        found = undocumented.in_choice(choice)
        if found is None or self._journaled.get(found[0]) == state.version:
            return
        group_arn, mark = found
        self._journaled[group_arn] = state.version
        self._journal.add(Entry(now, "Request", {"TargetGroupArn": group_arn}, None, None, None, mark))

    def _record_outcome(
        self, now: float, rule: Rule | None, choice: Choice, response: web.StreamResponse
    ) -> web.StreamResponse:
        outcome = RequestOutcome(
            rule=rule.arn if rule is not None else None,
            group=choice.group.arn if choice.group is not None else None,
            target=f"{choice.target.id}:{choice.target.port}" if choice.target is not None else None,
            version=response.headers.get(self._settings.version_header),
            status=response.status,
        )
        self._counts.add(int(now), outcome)
        return response


def _parse(request: web.BaseRequest) -> Request:
    path, _, query = request.raw_path.partition("?")
    return Request(
        method=request.method,
        host=_without_port(request.headers.get("Host", "")),
        path=path,
        query=query,
        headers=tuple(request.headers.items()),
        source=request.remote or "",
    )


def _without_port(host: str) -> str:
    name, _, port = host.rpartition(":")
    return name if port.isdigit() else host
