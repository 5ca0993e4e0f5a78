"""Argo Rollouts' work queue in front of the sidecar's socket.

Ten workers take the Rollouts in the order in which they are due, one Rollout each. A Rollout whose call fails
is due again after a millisecond, then after twice the time before, up to ten seconds; a success begins anew.
"""

import heapq
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

import grpc

from bench.fleet.rollouts import NEW_HASH, OLD_HASH, Canary
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc

WORKERS = 10
CALL_SECONDS = 10.0
"""The bridge's default for its flag --timeout."""

_FIRST_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 0.001, 10.0
_NOT_VERIFIED_SECONDS = 10.0
_DAY_SECONDS = 86_400.0
_OWN_SECONDS = 0.045
"""What a reconcile takes beside our calls: Argo Rollouts 1.10 made 626 reconciles of one Rollout in 29 s."""

Seconds = float
Reconcile = Callable[[Canary], Seconds | None]
"""Returns when the Rollout is due again, or None if it is at rest. Raises grpc.RpcError."""


class Controller:
    """`add` may be called from any thread, also before `run`."""

    def __init__(self, reconcile: Reconcile) -> None:
        self._reconcile = reconcile
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Canary]] = []
        self._order = count()
        self._failures: Counter[str] = Counter()
        self._working = 0
        self._until = math.inf
        self.codes: Counter[str] = Counter()
        """How the failed reconciles ended."""

    def add(self, canaries: Iterable[Canary], seconds: Seconds = 0.0) -> None:
        with self._changed:
            for canary in canaries:
                heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), canary))
            self._changed.notify_all()

    def run(self, seconds: Seconds) -> bool:
        """Reconciles until all are at rest. False if this time is over before."""
        self._until = time.monotonic() + seconds
        with ThreadPoolExecutor(WORKERS) as workers:
            ended = [workers.submit(self._work) for _ in range(WORKERS)]
        for each in ended:
            each.result()
        return not self._due

    @contextmanager
    def running(self) -> Iterator[None]:
        """Reconciles while the block runs."""
        with ThreadPoolExecutor(1) as background:
            ended = background.submit(self.run, _DAY_SECONDS)
            try:
                yield
            finally:
                with self._changed:
                    self._until = -math.inf
                    self._changed.notify_all()
            ended.result()

    def _work(self) -> None:
        while (canary := self._next()) is not None:
            again: Seconds | None
            try:
                again = self._reconcile(canary)
                self._failures.pop(canary.name, None)
            except grpc.RpcError as error:
                again = min(_LONGEST_RETRY_SECONDS, _FIRST_RETRY_SECONDS * 2 ** self._failures[canary.name])
                self._failures[canary.name] += 1
                self.codes[error.code().name] += 1
            if again is not None:
                self.add([canary], again)
            with self._changed:
                self._working -= 1
                self._changed.notify_all()

    def _next(self) -> Canary | None:
        """The next Rollout, once it is due; None once all are at rest or the time is over."""
        with self._changed:
            while (left := self._until - time.monotonic()) > 0 and (self._due or self._working):
                wait = self._due[0][0] - time.monotonic() if self._due else left
                if wait <= 0:
                    self._working += 1
                    return heapq.heappop(self._due)[2]
                self._changed.wait(min(wait, left))
            return None


def reconcile(
    stub: pb_grpc.TrafficRouterStub, request: pb.SetWeightRequest, *, removes_routes: bool
) -> Seconds | None:
    """The controller's calls in its order. Returns when it asks again, or None if the weight is verified.

    Like the bridge, it goes on if RemoveManagedRoutes fails. Raises grpc.RpcError if SetWeight fails.
    """
    if removes_routes:
        removal = pb.RemoveManagedRoutesRequest(rollout=request.rollout)
        stub.RemoveManagedRoutes.future(removal, timeout=CALL_SECONDS).exception()
    update = pb.UpdateHashRequest(rollout=request.rollout, canary_hash=NEW_HASH, stable_hash=OLD_HASH)
    stub.UpdateHash(update, timeout=CALL_SECONDS)
    stub.SetWeight(request, timeout=CALL_SECONDS)
    verification = stub.VerifyWeight(
        pb.VerifyWeightRequest(rollout=request.rollout, desired_weight=request.desired_weight),
        timeout=CALL_SECONDS,
    ).verification
    time.sleep(_OWN_SECONDS)
    return _NOT_VERIFIED_SECONDS if verification == pb.VERIFICATION_NOT_VERIFIED else None
