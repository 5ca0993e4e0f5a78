"""An emulator as a process, with a fast backend for each version of a petclinic behind its listener."""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from support.emulator import quick
from support.router.petclinic import Petclinic, control, petclinic

OLD, NEW = "1.0.0", "1.0.1"


@dataclass(frozen=True, slots=True)
class Traffic:
    """`address`: of the listener. `backend`: the address of the old version. `pid`: of the emulator."""

    clinic: Petclinic
    address: str
    backend: str
    pid: int

    def forward(self, stable: int, canary: int, sticky_seconds: int | None = None) -> list[Any]:
        groups = [
            {"TargetGroupArn": self.clinic.stable, "Weight": stable},
            {"TargetGroupArn": self.clinic.canary, "Weight": canary},
        ]
        duration = {} if sticky_seconds is None else {"DurationSeconds": sticky_seconds}
        stickiness = {"Enabled": sticky_seconds is not None, **duration}
        config = {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}
        return [{"Type": "forward", "ForwardConfig": config}]


@contextmanager
def emulator() -> Iterator[tuple[str, int]]:
    """The URL and process id of an emulator, in a separate process so that clients do not slow it down."""
    command = (sys.executable, "-m", "elbv2_emulator", "--api", "127.0.0.1:0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1], process.pid
        finally:
            process.terminate()


@asynccontextmanager
async def traffic() -> AsyncIterator[Traffic]:
    """A rule for /petclinic* that forwards to both versions, 90 to 10; both are healthy."""
    with emulator() as (url, pid):
        clinic = petclinic(url)
        async with quick.backend(OLD) as old, quick.backend(NEW) as new:
            for group, pod, address in ((clinic.stable, "10.64.0.3", old), (clinic.canary, "10.64.0.4", new)):
                clinic.client.register_targets(TargetGroupArn=group, Targets=[{"Id": pod}])
                control(url, "PUT", "addresses", {f"{pod}:8080": address})
                target = {"id": pod, "port": 8080, "state": "healthy"}
                control(url, "PUT", "health", {"targetGroupArn": group, "targets": [target]})
            listeners = control(url, "GET", "listeners")
            running = Traffic(clinic, listeners[0]["address"], old, pid)
            clinic.client.modify_rule(RuleArn=clinic.rule, Actions=running.forward(90, 10))
            yield running
