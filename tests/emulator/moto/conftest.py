"""The tests here run on the emulator and on an unmodified moto, which must fail rows and pass the others."""

from collections.abc import Generator, Iterator
from contextlib import closing

import pytest

from support.emulator.ground import Ground
from support.emulator.moto import Moto, moto_server

EMULATOR, MOTO = "emulator", "moto"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "elbv2" in metafunc.fixturenames:
        metafunc.parametrize("server", [EMULATOR, MOTO])


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    with moto_server() as url, closing(Moto(url, "eu-west-1")) as running:
        yield running


@pytest.fixture
def ground(server: str, request: pytest.FixtureRequest) -> Ground:
    """Each server is started only for the tests that use it."""
    if server == MOTO:
        moto: Moto = request.getfixturevalue("moto")
        return moto.reset()
    url = request.getfixturevalue("emulator").url
    certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
    return Ground(url, ["subnet-a", "subnet-b"], "vpc-1", certificate)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """On moto the test of a row must fail, and only with a failed assertion."""
    is_row = (pyfuncitem.function.__doc__ or "").startswith("Row: ")
    if not is_row or pyfuncitem.callspec.params["server"] != MOTO:
        return (yield)
    try:
        yield
    except (AssertionError, pytest.fail.Exception):
        return True
    pytest.fail("moto does this as AWS does: the row is out of date")
