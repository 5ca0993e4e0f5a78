"""What the sidecar needs when it has nothing to do, and how soon it serves."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from bench.fleet.aws import aws
from bench.fleet.rollouts import rollouts
from bench.fleet.router import SHIPPED, TESTS, router
from bench.report.figure import Figure
from support.router.sidecar import environment

_TIMES = 7


def figures(module: str = SHIPPED, times: int = _TIMES) -> Iterator[Figure]:
    with aws() as account:
        (canary,) = rollouts(account.url, 1, 1)
        pairs = [(_start_seconds(account.url, module), _import_seconds(account.url)) for _ in range(times)]
        with router(account.url, module) as sidecar, sidecar.stub() as stub:
            stub.SetWeight(canary.set_weight(10))
            resident = sidecar.resident_mebibytes
    serving, imported = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
    yield Figure("Resident memory at rest, after one change", resident, "MiB", most=80)
    yield Figure(
        "Start to serving ÷ the imports alone",
        serving / imported,
        most=2,
        beside=f"{serving:.2f} ÷ {imported:.2f} s, medians of {times}",
    )


def _start_seconds(endpoint: str, module: str) -> float:
    """From the start of the process until a client is connected."""
    begun = time.perf_counter()
    with router(endpoint, module) as sidecar, sidecar.stub():
        return time.perf_counter() - begun


def _import_seconds(endpoint: str) -> float:
    begun = time.perf_counter()
    imports = "import elbv2_trafficrouter.cli.serve, elbv2_trafficrouter.server; print(flush=True)"
    with subprocess.Popen(
        [sys.executable, "-c", imports], env=environment(endpoint), cwd=TESTS, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        return time.perf_counter() - begun
