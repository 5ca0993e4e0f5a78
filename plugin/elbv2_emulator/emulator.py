"""Runs an emulator inside a Python program: a context manager that runs the server in a thread."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine
from random import Random
from types import TracebackType
from typing import Any, Self

from elbv2_emulator.loading import saved
from elbv2_emulator.loading.read import read_contents
from elbv2_emulator.server import IDLE_TIMEOUT_SECONDS, contents_of, load, reset, serve
from elbv2_emulator.state.timing import Clock, Timing
from elbv2_emulator.traffic.listeners import OpenListeners
from elbv2_emulator.world import World


class Emulator:
    """`with Emulator() as emulator:` runs an emulator in a thread; `emulator.url` is the API's endpoint.

    `random` chooses the target group of each request, and the version of the state that a read returns while
    reads lag. If a backend sends nothing for `idle_timeout_seconds`, the client gets a 504. `clock` returns
    seconds since the epoch: health checks and their timeouts, draining, lags and throttling follow it.
    `timing` can be changed while the emulator runs, as `emulator.timing`.
    """

    def __init__(
        self,
        *,
        random: Random | None = None,
        idle_timeout_seconds: float = IDLE_TIMEOUT_SECONDS,
        clock: Clock = time.time,
        timing: Timing | None = None,
    ) -> None:
        self._world = World.fresh(clock, timing)
        self.url = ""
        self.timing = self._world.timing
        self.traffic = self._world.traffic
        self.addresses = self._world.addresses
        self.faults = self._world.faults
        self.journal = self._world.journal
        self.counts = self._world.counts
        self._random = random
        self._idle_timeout_seconds = idle_timeout_seconds
        self._listeners: OpenListeners | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="elbv2-emulator", daemon=True)

    @property
    def ca(self) -> str:
        """The CA certificate, in PEM, with which clients verify the HTTPS listeners."""
        return self._world.authority.pem

    def reset(self) -> None:
        """Remove all resources, addresses, faults, journal entries and counts; restore initial settings."""
        self._run_in_loop(lambda listeners: reset(self._world, listeners))

    def save(self) -> str:
        """All resources and the address map, for `load` and for the program's `--load`."""
        return json.dumps(saved.to_document(contents_of(self._world)), indent=2)

    def load(self, *texts: str) -> None:
        """Replace all resources with what `save` returned, or with the output of `aws elbv2 describe-…`.

        Raises CannotLoad, and then changes nothing.
        """
        contents = read_contents(*texts)
        self._run_in_loop(lambda listeners: load(self._world, listeners, contents))

    def _run_in_loop(self, work: Callable[[OpenListeners], Coroutine[Any, Any, None]]) -> None:
        if self._loop is None or self._listeners is None:
            raise RuntimeError("The emulator is not running: use it as `with Emulator() as emulator:`")
        asyncio.run_coroutine_threadsafe(work(self._listeners), self._loop).result()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:  # noqa: BLE001  it is raised again in the thread that waits
            self._failure = failure
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with serve(
            "127.0.0.1",
            0,
            self._world,
            random=self._random,
            idle_timeout_seconds=self._idle_timeout_seconds,
        ) as server:
            self.url, self._listeners = server.url, server.listeners
            self._ready.set()
            await self._stop.wait()
