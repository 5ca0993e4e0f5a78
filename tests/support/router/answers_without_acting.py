"""A router that answers every call with success and does nothing. Argument: the path of its socket."""

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2_grpc

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc


class AnswersWithoutActing(pb_grpc.TrafficRouterServicer):
    def UpdateHash(self, _request: Any, _context: Any) -> pb.UpdateHashResponse:
        return pb.UpdateHashResponse()

    def SetWeight(self, _request: Any, _context: Any) -> pb.SetWeightResponse:
        return pb.SetWeightResponse()

    def VerifyWeight(self, _request: Any, _context: Any) -> pb.VerifyWeightResponse:
        return pb.VerifyWeightResponse(verification=pb.VERIFICATION_VERIFIED)

    def RemoveManagedRoutes(self, _request: Any, _context: Any) -> pb.RemoveManagedRoutesResponse:
        return pb.RemoveManagedRoutesResponse()


server = grpc.server(ThreadPoolExecutor())
pb_grpc.add_TrafficRouterServicer_to_server(AnswersWithoutActing(), server)
health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
server.add_insecure_port(f"unix://{sys.argv[1]}")
server.start()
server.wait_for_termination()
