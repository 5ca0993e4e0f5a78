"""The demo's canary: the real controller runs it, every request is counted, each step prints a line."""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import CalledProcessError

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from cluster.applications.petclinic import CANARY, NAME, NEW, OLD, STABLE, Petclinic, petclinic
from cluster.applications.settled import wait_registered
from cluster.demo.verdict import GROUPS, Played
from cluster.process import wait_until
from cluster.traffic.load import Load, tally
from cluster.world import World
from elbv2_trafficrouter.cli.demo.step import Answer, Reconciled, Step
from elbv2_trafficrouter.cli.demo.table import Lines, LiveTable, lines
from support.manifest import Object

WEIGHTS = (10, 25, 50, 75)

# It waits until all is counted, however slow this machine is.
_PAUSE: Object = {"pause": {}}
_STEPS = [step for weight in WEIGHTS for step in ({"setWeight": weight}, _PAUSE)]
_REQUESTS = 1_000
_PER_SECOND = 250
_COLUMNS = 80  # of the table and of the controller's view


def deploy(world: World) -> Petclinic:
    """Deploys the first version."""
    clinic = petclinic(world, "petclinic", steps=_STEPS)
    clinic.wait_promoted()
    return clinic


def play(clinic: Petclinic) -> Played:
    """Runs a canary of the second version."""
    with clinic.load(_PER_SECOND) as load, _shown(clinic) as shown:
        begun = time.monotonic()
        steps = list(_steps(clinic, load, shown))
    return Played(
        steps,
        tally(load.samples, begun, time.monotonic()),
        clinic.written(),
        list(_seconds(clinic.world.argo.sidecar.log)),
    )


def _steps(clinic: Petclinic, load: Load, shown: Lines) -> Iterator[Step]:
    yield _counted("deployed", 0, {STABLE: OLD}, clinic, load, shown)
    clinic.set_image(NEW)
    for weight in WEIGHTS:
        index = clinic.wait_paused(weight)["currentStepIndex"]
        name = f"step {index}/{len(_STEPS)}"
        yield _counted(name, weight, {STABLE: OLD, CANARY: NEW}, clinic, load, shown)
        clinic.cli("promote", NAME)
    clinic.wait_promoted()
    yield _counted("promoted", 0, {STABLE: NEW}, clinic, load, shown)


def _counted(
    name: str, asked: int, versions: Mapping[str, str], clinic: Petclinic, load: Load, shown: Lines
) -> Step:
    """Counts requests that are sent from now on, while nothing changes."""
    wait_registered(clinic)
    verified = clinic.status()["canary"]["weights"].get("verified", False)
    step = Step(name, asked, versions, clinic.weights(), Reconciled(verified, "the controller said so", 0))
    shown.add(step)
    begun = time.monotonic()
    # Pods move from the canary's group to the stable one: only their version shows which group it was.
    groups = {version: group for group, version in versions.items()}

    def enough() -> bool:
        seen = tally(load.samples, begun, time.monotonic())
        for version, count in seen.versions.items():
            step.tally.answers[Answer(groups.get(version, STABLE), version)] = count
        step.tally.failures.update(seen.failures - step.tally.failures)
        return seen.requests >= _REQUESTS

    wait_until(enough, "they were counted")
    shown.complete(step)
    return step


def _seconds(log: Path) -> Iterator[float]:
    """The duration of each SetWeight that wrote, from the sidecar's log."""
    for line in map(json.loads, log.read_text().splitlines()):
        if line.get("method") == "SetWeight" and line.get("written"):
            yield line["seconds"]


@contextmanager
def _shown(clinic: Petclinic) -> Iterator[Lines]:
    """On a terminal, the controller's view is shown below the table."""
    console = Console()
    if not (sys.stdout.isatty() and console.is_interactive and console.width >= _COLUMNS):
        with lines(GROUPS) as plain:
            yield plain
        return
    table = LiveTable(GROUPS)

    def drawn() -> Group:
        # Ctrl-C also ends kubectl.
        with suppress(CalledProcessError):
            return Group(table.draw(), Text.from_ansi(clinic.cli("get", "rollout", NAME)))
        return Group(table.draw())

    with Live(console=console, get_renderable=drawn, refresh_per_second=2):
        yield table
