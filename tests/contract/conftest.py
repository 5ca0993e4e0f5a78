from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from elbv2_emulator import Emulator
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.aws.proxy import Hold, proxy_to
from support.router.petclinic import Petclinic, petclinic
from support.router.sidecar import CREDENTIALS, Sidecar, environment, sidecar, volume_directories


@pytest.fixture
def clinic() -> Iterator[Petclinic]:
    with Emulator() as emulator:
        yield petclinic(emulator.url, priority=10)


@pytest.fixture
def volumes() -> Iterator[Path]:
    with volume_directories() as directory:
        yield directory


@pytest.fixture
def router(clinic: Petclinic, volumes: Path) -> Iterator[Sidecar]:
    with sidecar(volumes, environment(clinic.url, **CREDENTIALS)) as running:
        yield running


@pytest.fixture
def stub(router: Sidecar) -> Iterator[pb_grpc.TrafficRouterStub]:
    with router.stub() as stub:
        yield stub


@pytest.fixture
def router_behind(clinic: Petclinic, volumes: Path) -> Iterator[Callable[[Hold], Sidecar]]:
    """Starts a sidecar whose calls to AWS are held."""
    with ExitStack() as stack:

        def start(hold: Hold) -> Sidecar:
            aws = stack.enter_context(proxy_to(clinic.url, hold=hold))
            return stack.enter_context(sidecar(volumes, environment(aws, **CREDENTIALS)))

        yield start


@pytest.fixture
def stub_behind(
    router_behind: Callable[[Hold], Sidecar],
) -> Iterator[Callable[[Hold], pb_grpc.TrafficRouterStub]]:
    """A client of such a sidecar."""
    with ExitStack() as stack:
        yield lambda hold: stack.enter_context(router_behind(hold).stub())
