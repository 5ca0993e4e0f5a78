"""Sends requests at a constant rate on persistent connections. No request is sent twice, even if it fails."""

import asyncio
import itertools
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from http import HTTPStatus

import aiohttp

from elbv2_trafficrouter.cli.demo.backends import GROUP_HEADER
from elbv2_trafficrouter.cli.demo.step import Answer, Tally

_REQUESTS_PER_SECOND = 700
_PATIENCE = aiohttp.ClientTimeout(total=5)
_CONNECTIONS = 64  # after a stall of the machine, all overdue requests are sent at once
_REQUESTS_PER_OTHER = 100  # requests to the canary's rule for each request to the other rule


class Visitors:
    """Requests `/petclinic/actuator/info` and, for every hundredth request, `/` of another rule."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.during_changes = Tally()
        self.to_other_rule = Tally()

    async def count(self, requests: int, tally: Tally) -> None:
        """Sends this many requests and waits until all have ended."""
        await self._send(range(requests), tally)

    @asynccontextmanager
    async def during_change(self) -> AsyncIterator[None]:
        """Sends requests while the block runs, and waits until all have ended."""
        over = asyncio.Event()
        numbers = itertools.takewhile(lambda _: not over.is_set(), itertools.count())
        sending = asyncio.create_task(self._send(numbers, self.during_changes))
        try:
            yield
            over.set()
            await sending
        finally:
            sending.cancel()
            await asyncio.wait({sending})

    async def _send(self, numbers: Iterable[int], tally: Tally) -> None:
        now = asyncio.get_running_loop().time
        begun = now()
        async with asyncio.TaskGroup() as visits:
            for number in numbers:
                await asyncio.sleep(begun + number / _REQUESTS_PER_SECOND - now())
                visits.create_task(self._visit("/petclinic/actuator/info", tally))
                if number % _REQUESTS_PER_OTHER == 0:
                    visits.create_task(self._visit("/", self.to_other_rule))

    async def _visit(self, path: str, tally: Tally) -> None:
        try:
            async with self._session.get(path) as response:
                if response.status != HTTPStatus.OK:
                    tally.failures[str(response.status)] += 1
                    return
                info = await response.json()
        except TimeoutError:
            tally.failures["a time-out"] += 1
        except aiohttp.ClientError as error:
            tally.failures[type(error).__name__] += 1
        else:
            tally.answers[Answer(response.headers[GROUP_HEADER], info["build"]["version"])] += 1


@asynccontextmanager
async def visitors(url: str, authority: str) -> AsyncIterator[Visitors]:
    """Visitors of an HTTPS listener. `authority`: the CA of the listener's certificate, in PEM."""
    trusted = ssl.create_default_context(cadata=authority)
    async with aiohttp.ClientSession(
        url,
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS, ssl=trusted),
        timeout=_PATIENCE,
        middlewares=[_sent_once],
    ) as session:
        yield Visitors(session)


async def _sent_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Makes a broken connection a failure: aiohttp would silently send the GET again."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientError(str(error)) from error
