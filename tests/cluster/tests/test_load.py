"""The load generator of the end-to-end tests, against real servers on loopback."""

import asyncio
import socket
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import cycle

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, RawTestServer

from cluster.process import free_port
from cluster.traffic.load import Answer, Sample, by_second, load, table, tally

STABLE = Answer("1.0.0", "was-7d4b9-abcde", "7d4b9")
CANARY = Answer("1.0.1", "was-5c6f8-fghij", "5c6f8")
AUTHORITY = trustme.CA()

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def info(answer: Answer) -> web.Response:
    return web.json_response({"build": {"version": answer.version}, "pod": answer.pod, "hash": answer.hash})


async def stable(_: web.BaseRequest) -> web.Response:
    return info(STABLE)


@dataclass
class Stuck:
    """Answers no request until it is released."""

    received: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, _: web.BaseRequest) -> web.Response:
        self.received += 1
        await self.released.wait()
        return info(STABLE)


def address_of(server: BaseTestServer) -> str:
    return f"{server.host}:{server.port}"


def transport_of(request: web.BaseRequest) -> asyncio.Transport:
    assert isinstance(request.transport, asyncio.Transport)
    return request.transport


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  # what grows is a list, not an event
            await asyncio.sleep(0.005)


def sampled(handler: Handler, *, at_least: int, per_second: int = 200) -> list[Sample]:
    async def run() -> list[Sample]:
        async with RawTestServer(handler) as server:
            async with load(address_of(server), per_second=per_second) as running:
                await until(lambda: len(running.samples) >= at_least)
            return running.samples

    return asyncio.run(run())


def outcomes(samples: list[Sample]) -> Counter[Answer | str]:
    return Counter(sample.outcome for sample in samples)


def test_each_answer_is_kept_with_its_version_pod_and_hash() -> None:
    answers = cycle([STABLE, STABLE, STABLE, CANARY])
    given: Counter[Answer | str] = Counter()

    async def handler(_: web.BaseRequest) -> web.Response:
        answer = next(answers)
        given[answer] += 1
        return info(answer)

    samples = sampled(handler, at_least=20)

    assert outcomes(samples) == given
    assert tally(samples, 0, time.monotonic()).versions == {"1.0.0": given[STABLE], "1.0.1": given[CANARY]}


def test_the_request_asks_for_the_path_of_the_host() -> None:
    asked: set[tuple[str, str]] = set()

    async def handler(request: web.BaseRequest) -> web.Response:
        asked.add((request.host, request.path_qs))
        return info(STABLE)

    async def run() -> None:
        async with (
            RawTestServer(handler) as server,
            load(address_of(server), per_second=200, path="/owners?page=1", host="petclinic.example"),
        ):
            await until(lambda: bool(asked))

    asyncio.run(run())

    assert asked == {("petclinic.example", "/owners?page=1")}


@pytest.fixture
def tls() -> ssl.SSLContext:
    """A server's, for loopback."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_an_https_listener_is_verified(tls: ssl.SSLContext) -> None:
    trusting = ssl.create_default_context(cadata=AUTHORITY.cert_pem.bytes().decode())

    async def run() -> list[Sample]:
        server = RawTestServer(stable)
        await server.start_server(ssl=tls)
        async with load(address_of(server), per_second=200, tls=trusting) as running:
            await until(lambda: len(running.samples) >= 5)
        await server.close()
        return running.samples

    assert outcomes(asyncio.run(run())).keys() == {STABLE}


def test_a_listener_that_cannot_be_verified_ends_the_load(tls: ssl.SSLContext) -> None:
    async def run() -> None:
        server = RawTestServer(stable)
        await server.start_server(ssl=tls)
        try:
            async with load(address_of(server), per_second=200, tls=ssl.create_default_context()) as running:
                await until(lambda: running.late > 0)  # one is on its way
        finally:
            await server.close()

    with pytest.RaisesGroup(aiohttp.ClientConnectorCertificateError, flatten_subgroups=True):
        asyncio.run(run())


@pytest.mark.parametrize("status", [404, 502, 503])
def test_an_answer_of_400_or_more_is_its_status(status: int) -> None:
    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(status=status)

    assert set(outcomes(sampled(handler, at_least=5))) == {str(status)}


def test_a_connection_closed_without_an_answer_is_one_reset_and_the_request_is_not_repeated() -> None:
    received = 0

    async def handler(request: web.BaseRequest) -> web.Response:
        nonlocal received
        received += 1
        if received % 2 == 0:
            transport_of(request).abort()
        return info(STABLE)

    samples = sampled(handler, at_least=20)

    assert outcomes(samples) == {STABLE: received - received // 2, "reset": received // 2}


def test_an_answer_cut_short_is_a_reset() -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b'{"build": ')
        transport_of(request).close()
        return response

    assert set(outcomes(sampled(handler, at_least=5))) == {"reset"}


@pytest.mark.parametrize("text", ["welcome", '{"build": {"version": "1.0.0"}}'])
def test_an_answer_without_version_pod_and_hash_is_not_a_success(text: str) -> None:
    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(text=text)

    assert set(outcomes(sampled(handler, at_least=5))) == {"unreadable"}


def test_a_refused_connection_is_not_a_reset() -> None:
    async def run(address: str) -> list[Sample]:
        async with load(address, per_second=200) as running:
            await until(lambda: len(running.samples) >= 5)
        return running.samples

    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        samples = asyncio.run(run(f"127.0.0.1:{nobody_listens.getsockname()[1]}"))

    assert set(outcomes(samples)) == {"refused"}


def test_a_request_without_an_answer_by_its_deadline_is_a_time_out() -> None:
    async def run() -> list[Sample]:
        stuck = Stuck()
        async with RawTestServer(stuck.answer) as server:
            async with load(address_of(server), per_second=200, deadline_seconds=0.2) as running:
                await until(lambda: len(running.samples) >= 5)
            stuck.released.set()
        return running.samples

    assert set(outcomes(asyncio.run(run()))) == {"time-out"}


def test_requests_are_sent_at_their_pace_while_the_server_is_stuck() -> None:
    async def run() -> tuple[int, list[Sample], float]:
        stuck = Stuck()
        async with RawTestServer(stuck.answer) as server:
            async with load(address_of(server), per_second=400, deadline_seconds=60) as running:
                await until(lambda: stuck.received >= 200)
                assert running.samples == []
                released = time.monotonic()
                stuck.released.set()
            return stuck.received, running.samples, released

    received, samples, released = asyncio.run(run())

    assert tally(samples, 0, released).versions["1.0.0"] >= 200
    assert outcomes(samples) == {STABLE: received}


def test_requests_due_while_the_client_was_stuck_are_sent_afterwards_and_the_delay_is_recorded() -> None:
    async def run() -> float:
        async with RawTestServer(stable) as server, load(address_of(server), per_second=200) as running:
            await until(lambda: bool(running.samples))
            begun = running.samples[0].sent
            time.sleep(0.5)  # noqa: ASYNC251  # this stall is the case
            await until(lambda: len(running.samples) >= (time.monotonic() - begun) * 200 - 20)
            return running.late

    assert asyncio.run(run()) > 0.4


def test_no_request_is_sent_after_the_block_and_requests_in_flight_are_awaited() -> None:
    async def run() -> tuple[int, list[Sample], float]:
        stuck = Stuck()
        async with RawTestServer(stuck.answer) as server:
            async with load(address_of(server), per_second=200) as running:
                await until(lambda: stuck.received >= 5)
                asyncio.get_running_loop().call_later(0.2, stuck.released.set)
                left = time.monotonic()
            return stuck.received, running.samples, left

    received, samples, left = asyncio.run(run())

    assert outcomes(samples) == {STABLE: received}
    assert sum(sample.sent > left for sample in samples) < 3  # those that were just about to be sent


def test_connections_are_reused_and_replaced_now_and_then() -> None:
    requests = closing = 0
    connections: set[object] = set()

    async def handler(request: web.BaseRequest) -> web.Response:
        nonlocal requests, closing
        requests += 1
        closing += not request.keep_alive
        connections.add(transport_of(request).get_extra_info("peername"))
        return info(STABLE)

    samples = sampled(handler, at_least=160, per_second=400)

    assert closing == requests // 50
    assert closing < len(connections) < requests
    assert outcomes(samples) == {STABLE: requests}


def test_requests_are_answered_again_when_the_server_is_back() -> None:
    async def run() -> None:
        port = free_port()
        async with load(f"127.0.0.1:{port}", per_second=200) as running:

            def answered() -> int:
                return outcomes(running.samples)[STABLE]

            async with RawTestServer(stable, port=port):
                await until(lambda: answered() > 0)
            await until(lambda: running.samples[-1].outcome == "refused")
            before = answered()
            async with RawTestServer(stable, port=port):
                await until(lambda: answered() > before)

    asyncio.run(run())


def test_nothing_is_sent_to_another_machine() -> None:
    async def run() -> None:
        # No TCP packet can be sent there, not even if it were not refused.
        async with load("255.255.255.255:80", per_second=1):
            pass

    with pytest.raises(ValueError, match="loopback addresses only"):
        asyncio.run(run())


def test_a_failure_in_the_block_is_raised_as_it_is() -> None:
    async def run() -> None:
        async with RawTestServer(stable) as server, load(address_of(server), per_second=200):
            raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(run())


def test_a_tally_counts_what_was_sent_in_its_window() -> None:
    samples = [
        Sample(9.9, "503"),
        Sample(10.0, STABLE),
        Sample(10.5, "reset"),
        Sample(10.2, "503"),  # ended after one that was sent later
        Sample(10.9, "561"),
        Sample(11.0, CANARY),
    ]

    counted = tally(samples, 10, 11)

    assert counted.versions == {"1.0.0": 1}
    assert counted.failures == {"reset": 1, "503": 1, "561": 1}
    assert (counted.server_errors, counted.requests) == (2, 4)


def test_seconds_are_counted_from_the_first_request_without_a_gap() -> None:
    samples = [
        Sample(20.8, STABLE),
        Sample(22.4, "reset"),
        Sample(20.3, "time-out"),
        Sample(21.2, CANARY),
        Sample(23.3, "503"),
    ]

    seconds = by_second(samples)

    assert [second.number for second in seconds] == [0, 1, 2, 3]
    assert [dict(second.tally.versions) for second in seconds] == [{"1.0.0": 1, "1.0.1": 1}, {}, {}, {}]
    assert [dict(second.tally.failures) for second in seconds] == [
        {"time-out": 1},
        {},
        {"reset": 1},
        {"503": 1},
    ]
    assert by_second([]) == []


def test_the_table_shows_each_version_and_each_failure() -> None:
    samples = [
        *[Sample(1.0, STABLE)] * 180,
        *[Sample(1.5, CANARY)] * 20,
        Sample(2.1, "502"),
        Sample(2.1, "503"),
        Sample(2.2, "reset"),
        Sample(2.3, "refused"),
        Sample(2.4, STABLE),
    ]

    assert table(by_second(samples)).splitlines() == [
        "second  1.0.0  1.0.1  5xx  reset  time-out  refused",
        "     0    180     20    0      0         0        0",
        "     1      1      0    2      1         0        1",
    ]
