from collections.abc import Iterator
from pathlib import Path

import pytest

from elbv2_emulator import Emulator
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.emulator.undocumented import _only_what_is_documented  # noqa: F401  it is there for every test
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
