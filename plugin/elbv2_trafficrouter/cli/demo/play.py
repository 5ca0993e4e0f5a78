"""The demo's story: start all, play the controller's part step by step, count, judge, end all."""

import asyncio
import signal
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError

from elbv2_trafficrouter.cli.demo.backends import backends
from elbv2_trafficrouter.cli.demo.controller import CallFailed, Controller
from elbv2_trafficrouter.cli.demo.judgement import OwnedRules, faults, summary
from elbv2_trafficrouter.cli.demo.moments import Moment, moments
from elbv2_trafficrouter.cli.demo.petclinic import (
    CANARY_PODS,
    GROUPS,
    PROMOTED_PODS,
    STABLE_PODS,
    WEB_PODS,
    NotHealthy,
    Petclinic,
)
from elbv2_trafficrouter.cli.demo.processes import NotStarted, emulator, isolate_environment, sidecar
from elbv2_trafficrouter.cli.demo.step import Step
from elbv2_trafficrouter.cli.demo.table import Lines, lines
from elbv2_trafficrouter.cli.demo.visitors import Visitors, visitors

REQUESTS = 2_000
"""So many are counted in each step."""
_LONGEST_SECONDS = 55  # 23 on an idle machine; 34 were seen on a loaded one
_LOG_LINES = 20
_PODS = (*STABLE_PODS, *CANARY_PODS, *PROMOTED_PODS, *WEB_PODS)
_BROKEN = (NotStarted, NotHealthy, CallFailed, BotoCoreError, ClientError, aiohttp.ClientError, OSError)


def play() -> int:
    """Plays the demo. Gives the process's exit code."""
    isolate_environment()
    # The first step's line comes seconds later.
    print(f"Starting an emulator, the sidecar and {len(_PODS)} pods…", flush=True)
    return asyncio.run(_until_told_to_end())


async def _until_told_to_end() -> int:
    loop, demo = asyncio.get_running_loop(), asyncio.create_task(_demo())
    told: list[signal.Signals] = []

    def end(number: signal.Signals) -> None:
        # Only the first: a second Ctrl-C must not break off the ending of processes.
        if not told:
            told.append(number)
            demo.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end, number)
    try:
        return await demo
    except asyncio.CancelledError:
        print(f"elbv2-trafficrouter: the demo was ended by {told[0].name}", file=sys.stderr)
        return 128 + told[0]


async def _demo() -> int:
    with TemporaryDirectory(prefix="elbv2-") as directory:
        logs = {name: Path(directory, f"{name}.log") for name in ("sidecar", "emulator")}
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                seen = await _canary(f"unix://{directory}/router.sock", logs)
        except TimeoutError:
            found = [f"the demo was not done within {_LONGEST_SECONDS} s"]
        except _BROKEN as error:
            found = [f"the demo broke off: {error}"]
        else:
            print("", *summary(seen), sep="\n")
            found = faults(seen)
        if found:
            print("\nNot exact:", *(f"- {fault}" for fault in found), sep="\n")
            _print_ends(logs)
            return 1
    print("\nAll was exact.")
    return 0


async def _canary(socket: str, logs: Mapping[str, Path]) -> OwnedRules:
    async with emulator(logs["emulator"]) as api:
        with sidecar(logs["sidecar"], socket, api), closing(Controller(socket)) as controller:
            petclinic = await asyncio.to_thread(Petclinic.create, api)
            await asyncio.to_thread(controller.start_plugin)
            async with (
                backends(_PODS) as addresses,
                visitors(*await _listener(api, petclinic.listener, addresses)) as crowd,
            ):
                await asyncio.to_thread(petclinic.wait_healthy)
                with lines(GROUPS) as shown:
                    return await _counted(petclinic, controller, crowd, shown)


async def _listener(api: str, listener: str, addresses: Mapping[str, str]) -> tuple[str, str]:
    """The listener's URL, and by what it is verified; from then on `addresses` answer for the pods."""
    async with aiohttp.ClientSession(api, raise_for_status=True) as control:
        await control.put("/_emulator/addresses", json=addresses)
        listeners = await (await control.get("/_emulator/listeners")).json()
        authority = await (await control.get("/_emulator/ca")).text()
    return next(str(one["url"]) for one in listeners if one["listenerArn"] == listener), authority


async def _counted(petclinic: Petclinic, controller: Controller, crowd: Visitors, shown: Lines) -> OwnedRules:
    steps = []
    before = await asyncio.to_thread(petclinic.other_rules)
    for moment in moments():
        async with crowd.during_change():
            step = await asyncio.to_thread(_reconciled, petclinic, controller, moment)
        shown.add(step)
        await crowd.count(REQUESTS, step.tally)
        shown.counted(step)
        steps.append(step)
    after = await asyncio.to_thread(petclinic.other_rules)
    return OwnedRules(GROUPS, steps, crowd.during_changes, crowd.to_other_rule, (before, after))


def _reconciled(petclinic: Petclinic, controller: Controller, moment: Moment) -> Step:
    petclinic.register(moment.registered)
    petclinic.wait_healthy()
    petclinic.deregister(moment.deregistered)
    rollout = petclinic.rollout(stable=moment.stable, current=moment.current, step=moment.index)
    reconciled = controller.reconcile(rollout, moment.asked)
    return Step(moment.name, moment.asked, moment.versions, petclinic.weights(), reconciled)


def _print_ends(logs: Mapping[str, Path]) -> None:
    for name, log in logs.items():
        if end := (log.read_text().splitlines()[-_LOG_LINES:] if log.exists() else []):
            print(f"\nThe end of the {name}'s log:", *end, sep="\n")
