"""The error that the router returns for a call."""

from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc

Request = pb.SetWeightRequest | pb.SetHeaderRouteRequest | pb.RemoveManagedRoutesRequest


@dataclass(frozen=True)
class Refusal:
    code: grpc.StatusCode
    reason: str
    sentence: str


def refusal(stub: pb_grpc.TrafficRouterStub, request: Request) -> Refusal:
    """Sends the request to its method, and returns the error."""
    with pytest.raises(grpc.RpcError) as caught:
        getattr(stub, type(request).__name__.removesuffix("Request"))(request)
    error: Any = caught.value
    info = ErrorInfo()
    assert rpc_status.from_call(error).details[0].Unpack(info)
    assert info.domain == "elbv2-trafficrouter"
    return Refusal(error.code(), info.reason, error.details())


def resource(arn: str) -> str:
    """The part of an ARN that sentences contain."""
    return arn.rpartition(":")[2]
