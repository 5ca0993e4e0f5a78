"""The users: requests at an even pace, each sent once, and the counts of their outcomes."""

import asyncio
import itertools
import ssl
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address

import aiohttp
import msgspec

_REQUESTS_PER_CONNECTION = 50  # on average, as of browsers that come and go


@dataclass(frozen=True, slots=True)
class Answer:
    """The pod that answered: its version, name and pod template hash."""

    version: str
    pod: str
    hash: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One request. `sent`: by time.monotonic().

    A failure is the status ("503"), "reset" (also a body cut short), "refused", "time-out" or
    "unreadable" (an answer below 400 without version, pod and hash).
    """

    sent: float
    outcome: Answer | str


@dataclass(frozen=True, slots=True)
class Tally:
    versions: Counter[str]
    failures: Counter[str]

    @property
    def requests(self) -> int:
        return self.versions.total() + self.failures.total()

    @property
    def server_errors(self) -> int:
        """All 5xx."""
        return sum(count for failure, count in self.failures.items() if failure.startswith("5"))


@dataclass(frozen=True, slots=True)
class Second:
    """The requests of one second. `number`: counted from the first request, which is in second 0."""

    number: int
    tally: Tally


@dataclass(slots=True)
class Load:
    """The outcomes so far. Another thread may read them while there are more.

    `samples`: in the order in which the requests ended. `late`: the largest delay in seconds between due and
    sent; above some tenths this client, and not who answers, was too slow.
    """

    samples: list[Sample] = field(default_factory=list)
    late: float = 0


@asynccontextmanager
async def load(
    address: str,
    *,
    per_second: int,
    tls: ssl.SSLContext | None = None,
    path: str = "/petclinic/actuator/info",
    host: str | None = None,
    headers: Mapping[str, str] | None = None,
    deadline_seconds: float = 5,
) -> AsyncIterator[Load]:
    """Sends requests while the block runs, then waits for those in flight.

    `address`: a loopback address and a port. `tls`: what it is verified by, None is plain HTTP. `host`: the
    Host header, else the address. `headers`: more of them, in each request.
    """
    if not ip_address(address.rpartition(":")[0]).is_loopback:
        raise ValueError(f"{address} is not on this machine: load is for loopback addresses only")
    async with aiohttp.ClientSession(
        f"{'http' if tls is None else 'https'}://{address}",
        # With a limit requests would wait here, unseen, while the server is stuck.
        connector=aiohttp.TCPConnector(limit=0, ssl=tls or True),
        timeout=aiohttp.ClientTimeout(total=deadline_seconds),
        headers={**(headers or {}), **({"Host": host} if host else {})},
        middlewares=[_sent_once],
    ) as session:
        running = Load()
        over = asyncio.Event()
        sending = asyncio.create_task(_Sender(session, path, running).send(per_second, over))
        try:
            yield running
        finally:
            over.set()
            await sending


def tally(samples: Iterable[Sample], begun: float, ended: float) -> Tally:
    """Counts the finished requests that were sent from `begun` until before `ended`, by time.monotonic()."""
    return _counted(sample for sample in samples if begun <= sample.sent < ended)


def by_second(samples: Sequence[Sample]) -> list[Second]:
    """Every second from the first request to the last, including seconds without a request."""
    so_far = list(samples)  # it may grow meanwhile
    if not so_far:
        return []
    first = min(sample.sent for sample in so_far)
    sent: defaultdict[int, list[Sample]] = defaultdict(list)
    for sample in so_far:
        sent[int(sample.sent - first)].append(sample)
    return [Second(number, _counted(sent[number])) for number in range(max(sent) + 1)]


def table(seconds: Sequence[Second]) -> str:
    """A line for each second. Columns: versions as they appeared, 5xx, reset, time-out, other failures."""
    versions = list(dict.fromkeys(version for second in seconds for version in second.tally.versions))
    seen = dict.fromkeys(failure for second in seconds for failure in second.tally.failures)
    failures = list(
        dict.fromkeys(["reset", "time-out", *(failure for failure in seen if not failure.startswith("5"))])
    )
    rows = [["second", *versions, "5xx", *failures]]
    for second in seconds:
        counts = [
            *(second.tally.versions[version] for version in versions),
            second.tally.server_errors,
            *(second.tally.failures[failure] for failure in failures),
        ]
        rows.append([str(second.number), *map(str, counts)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
    )


def _counted(samples: Iterable[Sample]) -> Tally:
    counted = Tally(Counter(), Counter())
    for sample in samples:
        match sample.outcome:
            case Answer(version=version):
                counted.versions[version] += 1
            case failure:
                counted.failures[failure] += 1
    return counted


class _Sender:
    def __init__(self, session: aiohttp.ClientSession, path: str, running: Load) -> None:
        self._session = session
        self._path = path
        self._running = running

    async def send(self, per_second: int, over: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as requests:
            pacing = requests.create_task(self._keep_pace(per_second, requests))
            await over.wait()
            pacing.cancel()

    async def _keep_pace(self, per_second: int, requests: asyncio.TaskGroup) -> None:
        begun = time.monotonic()
        for number in itertools.count():
            due = begun + number / per_second
            await asyncio.sleep(due - time.monotonic())
            requests.create_task(self._request(due, last=(number + 1) % _REQUESTS_PER_CONNECTION == 0))

    async def _request(self, due: float, *, last: bool) -> None:
        """`last`: whether it is the last one on its connection."""
        sent = time.monotonic()
        self._running.late = max(self._running.late, sent - due)
        outcome = await self._ended({"Connection": "close"} if last else {})
        self._running.samples.append(Sample(sent, outcome))

    async def _ended(self, headers: dict[str, str]) -> Answer | str:
        try:
            # A redirect could lead off this machine.
            async with self._session.get(self._path, headers=headers, allow_redirects=False) as response:
                body = await response.read()
        except TimeoutError:
            return "time-out"
        except aiohttp.ClientConnectorError as error:
            match error.os_error:
                case ConnectionRefusedError():
                    return "refused"
                case ConnectionError():  # the server went away between its SYN-ACK and our look
                    return "reset"
            raise  # of this client's making: no file descriptors left, say
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
            return "reset"
        except aiohttp.ClientResponseError:
            return "unreadable"
        return _outcome(response.status, body)


class _Build(msgspec.Struct):
    version: str


class _Info(msgspec.Struct):
    build: _Build
    pod: str
    hash: str


def _outcome(status: int, body: bytes) -> Answer | str:
    if status >= HTTPStatus.BAD_REQUEST:
        return str(status)
    try:
        info = msgspec.json.decode(body, type=_Info)
    except msgspec.DecodeError:
        return "unreadable"
    return Answer(info.build.version, info.pod, info.hash)


async def _sent_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """A broken connection counts as a failure; aiohttp would send the GET again without a trace."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:  # it was not sent, and aiohttp leaves it at that
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(str(error)) from error
