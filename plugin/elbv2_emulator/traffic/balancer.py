"""What becomes of a request to a listener: matched, sent on or answered here, and counted."""

from collections.abc import Iterable, Sequence
from random import Random

import aiohttp
from aiohttp import web

from elbv2_emulator.state.journal import Entry, Journal
from elbv2_emulator.state.resources import Listener, Rule, State
from elbv2_emulator.state.timing import Clock
from elbv2_emulator.traffic import own_answers, undocumented
from elbv2_emulator.traffic.addresses import Addresses
from elbv2_emulator.traffic.choice import Choice, Chooser
from elbv2_emulator.traffic.counts import Counts, Ended
from elbv2_emulator.traffic.forwarding import Forwarder, Hop
from elbv2_emulator.traffic.matching import Request, first_match
from elbv2_emulator.traffic.rewrite import NotRewritable, rewritten
from elbv2_emulator.traffic.settings import TrafficSettings


class Balancer:
    """The part of the load balancers that all listeners share."""

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
        self._marked: dict[str, int] = {}
        self._chooser = Chooser(random)
        self._clock = clock

    async def answer(
        self, state: State, listener: Listener, rules: Sequence[Rule], request: web.BaseRequest
    ) -> web.StreamResponse:
        """The answer to a request to this listener, whose rules these are in their order."""
        now = self._clock()
        seen = _seen(request)
        rule = first_match(rules, seen) if seen.path.startswith("/") else None
        if rule is None:
            return self._counted(now, None, Choice(None), own_answers.page(400))
        # Only the last action moves a request: authentication before it is taken as passed.
        action = rule.actions[-1]
        match action["Type"]:
            case "fixed-response":
                response = own_answers.fixed(action["FixedResponseConfig"])
                return self._counted(now, rule, Choice(None), response)
            case "redirect":
                response = own_answers.redirect(action["RedirectConfig"], listener, seen)
                return self._counted(now, rule, Choice(None), response)
        choice = self._chooser.choose(
            action, state, request.cookies, now, serve_initial=self._settings.serve_initial
        )
        self._mark(choice, state, now)
        answered = await self._forwarded(listener, rule, choice, request, host=seen.host, now=now)
        return self._counted(now, rule, choice, answered)

    async def _forwarded(
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
            return own_answers.page(choice.refusal)
        backend = self._addresses.backend(choice.target.id, choice.target.port)
        if backend is None:
            return own_answers.page(502)

        def cookies(set_by_target: Iterable[str]) -> list[str]:
            return [line for hold in choice.holds for line in hold.lines(now, set_by_target)]

        try:
            sent = rewritten(rule.transforms, request.raw_path, host)
            url = f"{choice.group.settings['Protocol'].lower()}://{backend}{sent.target}"
            hop = Hop(url, sent.host, listener.protocol.lower(), listener.port, cookies)
            return await self._forwarder.relay(request, hop)
        except NotRewritable:
            return own_answers.page(500)
        except TimeoutError:
            return own_answers.page(504)
        except aiohttp.ClientError:
            return own_answers.page(502)

    def _mark(self, choice: Choice, state: State, now: float) -> None:
        """Write down what AWS does not document: once for a group, until something is changed."""
        group = choice.group
        mark = undocumented.in_choice(group, choice.target) if group is not None else None
        if group is None or mark is None or self._marked.get(group.arn) == state.version:
            return
        self._marked[group.arn] = state.version
        self._journal.add(Entry(now, "Request", {"TargetGroupArn": group.arn}, None, None, None, mark))

    def _counted(
        self, now: float, rule: Rule | None, choice: Choice, response: web.StreamResponse
    ) -> web.StreamResponse:
        ended = Ended(
            rule=rule.arn if rule is not None else None,
            group=choice.group.arn if choice.group is not None else None,
            target=f"{choice.target.id}:{choice.target.port}" if choice.target is not None else None,
            version=response.headers.get(self._settings.version_header),
            status=response.status,
        )
        self._counts.add(int(now), ended)
        return response


def _seen(request: web.BaseRequest) -> Request:
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
