"""The gRPC server: listens, serves the contract beside health and reflection, and drains when it stops."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import grpc
import structlog
from google.rpc import error_details_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from elbv2_trafficrouter.assembly import build_router
from elbv2_trafficrouter.rpc.admission import ADMITTED, RECEIVING, WORKING, Admission
from elbv2_trafficrouter.rpc.interceptor import CallInterceptor
from elbv2_trafficrouter.rpc.reflected import pool_with_json_names
from elbv2_trafficrouter.rpc.servicer import TrafficRouterServicer
from elbv2_trafficrouter.settings import Address, Settings, TcpAddress, Tls, UnixAddress
from elbv2_trafficrouter.socket_file import group_may_connect, socket_file
from elbv2_trafficrouter.stop_signals import wait_for_stop_signal
from elbv2_trafficrouter.tls import tls_credentials

SERVICE = pb.DESCRIPTOR.services_by_name["TrafficRouter"].full_name
THREADS = RECEIVING + ADMITTED + 8  # the last ones receive messages, so that calls beyond a limit are refused
_HEALTH_THREADS = 16
_REFLECTION_THREADS = 16
_DRAIN_SECONDS = 10
# The bridge checks the health every second, so that its connection is never idle.
MAX_IDLE_SECONDS = 10 * 60
MAX_AGE_SECONDS = 60 * 60
MAX_AGE_GRACE_SECONDS = 2 * 60  # longer than any call

# The services, and the messages in the details of a status.
_REFLECTED = [module.DESCRIPTOR for module in (pb, health_pb2, reflection_pb2, error_details_pb2)]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT, then lets calls in flight finish. Raises SocketUnusable, OSError.

    The caller has blocked these signals.
    """
    with running(settings) as addresses:
        _log.info("serving", listen=addresses, plugin_name=settings.plugin_name)
        wait_for_stop_signal()
        _log.info("draining")
    _log.info("stopped")


@contextmanager
def running(settings: Settings) -> Iterator[list[str]]:
    """Runs a server while the block runs. Yields the addresses for a gRPC client."""
    admission = Admission()
    interceptor = CallInterceptor(SERVICE, settings.plugin_name, admission)
    health_service = _health(admission)
    server = grpc.server(
        ThreadPoolExecutor(THREADS, thread_name_prefix="call"),
        interceptors=[interceptor],
        options=(
            ("grpc.max_receive_message_length", 1024 * 1024),
            ("grpc.so_reuseport", 0),
            # The bridge pings every 10 s, even between calls; by default gRPC answers that with GOAWAY.
            ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.max_concurrent_streams", RECEIVING),
            ("grpc.max_connection_idle_ms", int(MAX_IDLE_SECONDS * 1000)),
            ("grpc.max_connection_age_ms", int(MAX_AGE_SECONDS * 1000)),
            ("grpc.max_connection_age_grace_ms", int(MAX_AGE_GRACE_SECONDS * 1000)),
        ),
    )
    servicer = TrafficRouterServicer(build_router(settings, WORKING), settings.plugin_name)
    pb_grpc.add_TrafficRouterServicer_to_server(servicer, server)
    health_pb2_grpc.add_HealthServicer_to_server(health_service, server)
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(_reflection(), server)  # type: ignore[no-untyped-call]  # generated
    with ExitStack() as sockets:
        addresses = [_listen(server, address, settings.tls, sockets) for address in settings.listen]
        server.start()
        health_service.set(SERVICE, health_pb2.HealthCheckResponse.SERVING)
        try:
            yield addresses
        finally:
            health_service.enter_graceful_shutdown()
            interceptor.cancel_incomplete()
            server.stop(_DRAIN_SECONDS).wait(_DRAIN_SECONDS + 1)


def _listen(server: grpc.Server, address: Address, tls: Tls | None, sockets: ExitStack) -> str:
    if isinstance(address, UnixAddress):
        sockets.enter_context(socket_file(address.path))
        with group_may_connect():
            server.add_insecure_port(str(address))
        return str(address)
    try:
        if tls is None:
            port = server.add_insecure_port(str(address))
        else:
            port = server.add_secure_port(str(address), tls_credentials(tls))
    except RuntimeError as error:
        raise OSError(
            f"Can't listen on {address}: another program uses the port, or no network interface has the "
            "address. Choose another --listen."
        ) from error
    return str(TcpAddress(address.host, port))


def _health(admission: Admission) -> health.HealthServicer:
    """The health service, with its own threads: it answers even while all other threads wait for AWS.

    Its answer is about this process alone. It fails once no call can be served any more, which only a restart
    ends.
    """
    threads = ThreadPoolExecutor(_HEALTH_THREADS, thread_name_prefix="health")

    class Health(health.HealthServicer):
        def Check(
            self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext
        ) -> health_pb2.HealthCheckResponse:
            answer = super().Check(request, context)
            if answer.status == health_pb2.HealthCheckResponse.SERVING and admission.is_stuck():
                _log.error("stuck", error="All calls in progress are past their deadlines.")
                return health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.NOT_SERVING)
            return answer

        Check.experimental_thread_pool = threads  # type: ignore[attr-defined]  # grpcio reads it off the function

    return Health(experimental_thread_pool=threads)


def _reflection() -> reflection.ReflectionServicer:
    """The reflection service, with its own threads: each open stream of a client occupies one."""
    threads = ThreadPoolExecutor(_REFLECTION_THREADS, thread_name_prefix="reflection")

    class Reflection(reflection.ReflectionServicer):
        def ServerReflectionInfo(
            self,
            request_iterator: Iterable[reflection_pb2.ServerReflectionRequest],
            context: Any,
        ) -> Iterator[reflection_pb2.ServerReflectionResponse]:
            yield from super().ServerReflectionInfo(request_iterator, context)

        ServerReflectionInfo.experimental_thread_pool = threads  # type: ignore[attr-defined]  # as above

    services = (SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME)
    return Reflection(services, pool=pool_with_json_names(_REFLECTED))
