"""Runs the demo: starts all programs, makes the controller's calls, counts requests, judges the result."""

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
from elbv2_trafficrouter.cli.demo.judgement import DemoRun, faults, summary
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
"""The number of requests that are counted in each step."""
_LONGEST_SECONDS = 55  # 23 on an idle machine, 34 on a loaded one
_LOG_LINES = 20
_PODS = (*STABLE_PODS, *CANARY_PODS, *PROMOTED_PODS, *WEB_PODS)
_BROKEN = (NotStarted, NotHealthy, CallFailed, BotoCoreError, ClientError, aiohttp.ClientError, OSError)


def play() -> int:
    """Runs the demo. Returns the process's exit code."""
    isolate_environment()
    # The line of the first step only appears seconds later.
    print(f"Starting an emulator, the sidecar and {len(_PODS)} pods…", flush=True)
    return asyncio.run(_demo_until_signal())


async def _demo_until_signal() -> int:
    loop, demo = asyncio.get_running_loop(), asyncio.create_task(_demo())
    received: list[signal.Signals] = []

    def end(number: signal.Signals) -> None:
        # Only the first signal counts: a second Ctrl-C must not interrupt the shutdown.
        if not received:
            received.append(number)
            demo.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end, number)
    try:
        return await demo
    except asyncio.CancelledError:
        print(f"elbv2-trafficrouter: the demo was ended by {received[0].name}", file=sys.stderr)
        return 128 + received[0]


async def _demo() -> int:
    with TemporaryDirectory(prefix="elbv2-") as directory:
        logs = {name: Path(directory, f"{name}.log") for name in ("sidecar", "emulator")}
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                run = await _canary(f"unix://{directory}/router.sock", logs)
        except TimeoutError:
            found = [f"the demo did not finish within {_LONGEST_SECONDS} s"]
        except _BROKEN as error:
            found = [f"the demo failed: {error}"]
        else:
            print("", *summary(run), sep="\n")
            found = faults(run)
        if found:
            print("\nNot exact:", *(f"- {fault}" for fault in found), sep="\n")
            _print_log_ends(logs)
            return 1
    print("\nAll weights exact.")
    return 0


async def _canary(socket: str, logs: Mapping[str, Path]) -> DemoRun:
    async with emulator(logs["emulator"]) as api:
        with sidecar(logs["sidecar"], socket, api), closing(Controller(socket)) as controller:
            petclinic = await asyncio.to_thread(Petclinic.create, api)
            await asyncio.to_thread(controller.start_plugin)
            async with (
                backends(_PODS) as addresses,
                visitors(*await _connect_pods(api, petclinic.listener, addresses)) as crowd,
            ):
                await asyncio.to_thread(petclinic.wait_healthy)
                with lines(GROUPS) as table:
                    return await _run_steps(petclinic, controller, crowd, table)


async def _connect_pods(api: str, listener: str, addresses: Mapping[str, str]) -> tuple[str, str]:
    """Maps the pods to `addresses`. Returns the listener's URL, and the CA certificate that verifies it."""
    async with aiohttp.ClientSession(api, raise_for_status=True) as control:
        await control.put("/_emulator/addresses", json=addresses)
        listeners = await (await control.get("/_emulator/listeners")).json()
        authority = await (await control.get("/_emulator/ca")).text()
    return next(str(item["url"]) for item in listeners if item["listenerArn"] == listener), authority


async def _run_steps(petclinic: Petclinic, controller: Controller, crowd: Visitors, table: Lines) -> DemoRun:
    steps = []
    before = await asyncio.to_thread(petclinic.other_rules)
    for moment in moments():
        async with crowd.during_change():
            step = await asyncio.to_thread(_reconcile, petclinic, controller, moment)
        table.add(step)
        await crowd.count(REQUESTS, step.tally)
        table.complete(step)
        steps.append(step)
    after = await asyncio.to_thread(petclinic.other_rules)
    return DemoRun(GROUPS, steps, crowd.during_changes, crowd.to_other_rule, (before, after))


def _reconcile(petclinic: Petclinic, controller: Controller, moment: Moment) -> Step:
    petclinic.register(moment.registered)
    petclinic.wait_healthy()
    petclinic.deregister(moment.deregistered)
    rollout = petclinic.rollout(stable=moment.stable, current=moment.current, step=moment.index)
    reconciled = controller.reconcile(rollout, moment.asked)
    return Step(moment.name, moment.asked, moment.versions, petclinic.weights(), reconciled)


def _print_log_ends(logs: Mapping[str, Path]) -> None:
    for name, log in logs.items():
        if end := (log.read_text().splitlines()[-_LOG_LINES:] if log.exists() else []):
            print(f"\nThe end of the {name}'s log:", *end, sep="\n")
