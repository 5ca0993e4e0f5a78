from collections.abc import Generator, Iterator

import pytest

from cluster.world import World, world

_LINES = 40


@pytest.fixture(scope="session")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The newest controller: most scenarios share it, each in a namespace of its own."""
    with world(tmp_path_factory.mktemp("newest")) as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure is told with what the programs said last; all that they said lies in their directory."""
    report = yield
    if report.failed and call.when == "call":
        for running in (one for one in item.funcargs.values() if isinstance(one, World)):
            for one in (running.argo.controller, running.argo.sidecar):
                lines = one.log.read_text().splitlines()[-_LINES:]
                report.sections.append((str(one.log), "\n".join(lines)))
    return report
