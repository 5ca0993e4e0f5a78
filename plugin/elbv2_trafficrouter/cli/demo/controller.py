"""Argo Rollouts' side of the contract: the calls of a reconcile, in order, over the Unix socket."""

import time
from typing import Any

import grpc

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from elbv2_trafficrouter.cli.demo.step import Reconciled

_DEADLINE_SECONDS = 10
_OPTIONS = (("grpc.initial_reconnect_backoff_ms", 100), ("grpc.min_reconnect_backoff_ms", 100))


class CallFailed(Exception):  # noqa: N818  it says what happened
    """The sidecar returned an error for a call, or did not answer it."""

    def __init__(self, method: str, error: grpc.RpcError) -> None:
        super().__init__(f"{method} failed with {error.code().name}: {error.details()}")


class Controller:
    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address, options=_OPTIONS)
        self._router = pb_grpc.TrafficRouterStub(self._channel)

    def close(self) -> None:
        """Closes the channel. Calls in flight end with CallFailed."""
        self._channel.close()

    def start_plugin(self) -> None:
        """Waits for the sidecar. Raises CallFailed, as `reconcile` does."""
        self._call("InitPlugin", pb.InitPluginRequest(), wait_for_ready=True)

    def reconcile(self, rollout: pb.Rollout, weight: int) -> Reconciled:
        canary, stable = rollout.status.current_pod_hash, rollout.status.stable_rs
        self._call("Type", pb.TypeRequest())
        if canary == stable:
            self._call("RemoveManagedRoutes", pb.RemoveManagedRoutesRequest(rollout=rollout))
        self._call(
            "UpdateHash", pb.UpdateHashRequest(rollout=rollout, canary_hash=canary, stable_hash=stable)
        )
        begun = time.monotonic()
        self._call("SetWeight", pb.SetWeightRequest(rollout=rollout, desired_weight=weight))
        seconds = time.monotonic() - begun
        answer = self._call("VerifyWeight", pb.VerifyWeightRequest(rollout=rollout, desired_weight=weight))
        return Reconciled(answer.verification == pb.VERIFICATION_VERIFIED, answer.reason, seconds)

    def _call(self, method: str, request: Any, *, wait_for_ready: bool = False) -> Any:
        try:
            return getattr(self._router, method)(
                request, timeout=_DEADLINE_SECONDS, wait_for_ready=wait_for_ready
            )
        except grpc.RpcError as error:
            raise CallFailed(method, error) from error
