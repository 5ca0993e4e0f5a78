"""The load: requests at an even pace, whether answered or not, on kept connections, each sent once."""

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
_CONNECTIONS = 64  # after a hiccup of the machine all that are due come at once
_REQUESTS_PER_OTHER = 100  # so many to the canary's rule for one to the other rule


class Visitors:
    """They look at `/petclinic/actuator/info`; some at `/`, which is another rule's."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.during_changes = Tally()
        self.to_other_rule = Tally()

    async def count(self, requests: int, tally: Tally) -> None:
        """Sends so many and waits until all have ended."""
        await self._send(range(requests), tally)

    @asynccontextmanager
    async def during_change(self) -> AsyncIterator[None]:
        """Sends while the block runs, and waits until all have ended."""
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
    """At an HTTPS listener. `authority`: the certificate, in PEM, of the one that issues the listener's."""
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
    """A broken connection is a failure to count: aiohttp would send the GET again, unseen."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientError(str(error)) from error
