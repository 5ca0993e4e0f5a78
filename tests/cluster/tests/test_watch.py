"""The objects of a cluster stay known whatever happens to the watch: lightkube in front of a simple API."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from typing import Any

import httpx2
import lightkube
import pytest
from lightkube.config.kubeconfig import KubeConfig
from lightkube.config.models import Cluster, User
from lightkube.core.exceptions import ApiError
from lightkube.resources.core_v1 import Pod

from cluster.background import Background
from cluster.control_plane.watch import watch_all


class Api:
    """Keeps pods by name. A watch reports changes until a test ends it, in the way that the test chooses."""

    def __init__(self) -> None:
        self.pods: dict[str, dict[str, Any]] = {}
        self.lists = 0
        self.watched_from: list[str] = []
        self.refusals: list[httpx2.Response] = []
        self._watch: asyncio.Queue[str | Exception | None] = asyncio.Queue()

    def client(self) -> lightkube.AsyncClient:
        config = KubeConfig.from_one(cluster=Cluster(server="http://api.invalid"), user=User())
        return lightkube.AsyncClient(config, transport=httpx2.MockTransport(self._answer))

    def change(self, event: str, name: str) -> None:
        self._watch.put_nowait(json.dumps({"type": event, "object": self.put(event, name)}))

    def put(self, event: str, name: str) -> dict[str, Any]:
        """Changes a pod without reporting it to the watch."""
        pod = {"metadata": {"name": name, "uid": f"uid-of-{name}", "resourceVersion": "2"}}
        if event == "DELETED":
            del self.pods[name]
        else:
            self.pods[name] = pod
        return pod

    def end_watch(self, how: str | Exception | None = None) -> None:
        self._watch.put_nowait(how)

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        if self.refusals:
            return self.refusals.pop(0)
        if "watch" in request.url.params:
            self.watched_from.append(request.url.params["resourceVersion"])
            return httpx2.Response(200, content=self._events())
        self.lists += 1
        return httpx2.Response(
            200, json={"metadata": {"resourceVersion": "1"}, "items": list(self.pods.values())}
        )

    async def _events(self) -> AsyncIterator[bytes]:
        while (event := await self._watch.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event.encode() + b"\n"


class Names(Background):
    """The names of the pods, as they become known."""

    def __init__(self, api: Api) -> None:
        self._client = api.client()
        self._changes: asyncio.Queue[set[str]] = asyncio.Queue()

    async def work(self) -> None:
        await watch_all(self._client, Pod, self._saw)

    def _saw(self, pods: Collection[Any]) -> None:
        self._changes.put_nowait({one.metadata.name for one in pods})

    async def failed(self) -> Exception:
        async with asyncio.timeout(10):
            while self.failure is None:  # noqa: ASYNC110  nothing signals it
                await asyncio.sleep(0)
        return self.failure

    async def become(self, *names: str) -> None:
        async with asyncio.timeout(10):
            while await self._changes.get() != set(names):
                pass


GONE = json.dumps({"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}})


def refusal(status: int) -> httpx2.Response:
    return httpx2.Response(status, json={"kind": "Status", "code": status, "message": "refused"})


pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def api() -> Api:
    api = Api()
    api.put("ADDED", "old")
    return api


async def test_existing_objects_and_changes_are_known(api: Api) -> None:
    async with Names(api).working() as names:
        await names.become("old")
        api.change("ADDED", "new")
        await names.become("old", "new")
        api.change("DELETED", "old")
        await names.become("new")


async def test_a_watch_that_the_server_closes_is_opened_again_from_where_it_was(api: Api) -> None:
    async with Names(api).working() as names:
        api.change("ADDED", "new")
        api.end_watch()
        api.change("DELETED", "old")
        await names.become("new")
        assert (api.lists, api.watched_from) == (1, ["1", "2"])


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(GONE, id="it is too old"),
        pytest.param(httpx2.ReadError("cut"), id="its connection is cut"),
    ],
)
async def test_changes_that_a_broken_watch_missed_are_known(api: Api, end: str | Exception) -> None:
    async with Names(api).working() as names:
        await names.become("old")
        api.put("DELETED", "old")
        api.put("ADDED", "new")
        api.end_watch(end)
        await names.become("new")


async def test_a_kind_may_be_served_a_moment_later(api: Api) -> None:
    api.refusals = [httpx2.Response(404, text="404 page not found\n"), refusal(429)]
    async with Names(api).working() as names:
        await names.become("old")


async def test_a_failure_can_be_read_and_is_raised_at_the_end_of_the_block(api: Api) -> None:
    api.refusals = [refusal(403)]
    failure: Exception | None = None
    with pytest.raises(ApiError, match="refused") as raised:
        async with Names(api).working() as names:
            failure = await names.failed()
    assert raised.value is failure
