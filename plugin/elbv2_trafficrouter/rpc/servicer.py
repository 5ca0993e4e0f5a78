"""The contract's eight RPCs. Each reads the request, calls the router, and builds the response.

A failure raises a Problem, which the interceptor turns into a status.
"""

import grpc

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from elbv2_trafficrouter.errors.managed_routes import MirrorRoutesNotImplemented
from elbv2_trafficrouter.rollout.managed_routes import is_underway
from elbv2_trafficrouter.rollout.request import read_header_route, read_identified, read_intent
from elbv2_trafficrouter.routing.router import Router
from elbv2_trafficrouter.rpc.call import GrpcCall
from elbv2_trafficrouter.rpc.responses import (
    remove_managed_routes_response,
    set_header_route_response,
    set_weight_response,
    verify_weight_response,
)

TYPE = "elbv2"
Context = grpc.ServicerContext


class TrafficRouterServicer(pb_grpc.TrafficRouterServicer):
    def __init__(self, router: Router, plugin_name: str) -> None:
        self._router = router
        self._plugin_name = plugin_name

    def InitPlugin(self, request: pb.InitPluginRequest, context: Context) -> pb.InitPluginResponse:
        return pb.InitPluginResponse()

    def UpdateHash(self, request: pb.UpdateHashRequest, context: Context) -> pb.UpdateHashResponse:
        return pb.UpdateHashResponse()

    def SetWeight(self, request: pb.SetWeightRequest, context: Context) -> pb.SetWeightResponse:
        intent = read_intent(request, self._plugin_name)
        return set_weight_response(self._router.set_weight(intent, GrpcCall(context)))

    def SetHeaderRoute(
        self, request: pb.SetHeaderRouteRequest, context: Context
    ) -> pb.SetHeaderRouteResponse:
        intent, route = read_header_route(request, self._plugin_name)
        return set_header_route_response(self._router.set_header_route(intent, route, GrpcCall(context)))

    def SetMirrorRoute(
        self, request: pb.SetMirrorRouteRequest, context: Context
    ) -> pb.SetMirrorRouteResponse:
        # Argo Rollouts also calls this when it aborts, and an abort must not fail because of it.
        if request.set_mirror_route.match and is_underway(request.rollout):
            raise MirrorRoutesNotImplemented
        return pb.SetMirrorRouteResponse()

    def VerifyWeight(self, request: pb.VerifyWeightRequest, context: Context) -> pb.VerifyWeightResponse:
        intent = read_intent(request, self._plugin_name)
        return verify_weight_response(self._router.verify_weight(intent, GrpcCall(context)))

    def RemoveManagedRoutes(
        self, request: pb.RemoveManagedRoutesRequest, context: Context
    ) -> pb.RemoveManagedRoutesResponse:
        intent = read_identified(request.rollout, self._plugin_name)
        removed = self._router.remove_managed_routes(intent, GrpcCall(context))
        return remove_managed_routes_response(removed)

    def Type(self, request: pb.TypeRequest, context: Context) -> pb.TypeResponse:
        return pb.TypeResponse(type=TYPE)
