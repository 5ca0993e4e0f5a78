"""The cost of the emulator on one core: `cd tests && ../.venv/bin/python -m bench.emulator`."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import urllib3

from support.emulator import quick
from support.emulator.traffic import Traffic, traffic

_REQUESTS = 10_000
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def mebibytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def start_seconds() -> float:
    """The time from the start of the program to its first answer."""
    started = time.monotonic()
    command = (sys.executable, "-m", "elbv2_emulator", "--api", "127.0.0.1:0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            urllib3.request("GET", f"{url}/_emulator/journal")
            return time.monotonic() - started
        finally:
            process.terminate()


async def _measure(name: str, address: str, cookie: str, on: Traffic) -> None:
    await quick.get(address, [("/petclinic/", cookie)] * 500)
    started, used = time.monotonic(), cpu_seconds(on.pid)
    await quick.get(address, [("/petclinic/", cookie)] * _REQUESTS)
    seconds, used = time.monotonic() - started, cpu_seconds(on.pid) - used
    by_cpu = f", {_REQUESTS / used:6,.0f} per CPU second of the emulator" if used > 1 / _TICKS else ""
    print(f"{name:<34}{_REQUESTS / seconds:7,.0f} requests/s{by_cpu}")


async def main() -> None:
    # The emulator gets one core; this client and the backends get the others.
    cores = sorted(os.sched_getaffinity(0))
    others = set(cores[1:]) or set(cores)
    os.sched_setaffinity(0, {cores[0]})
    print(f"{'start to first answer':<34}{min(start_seconds() for _ in range(3)):7.2f} s")
    async with traffic() as on:
        os.sched_setaffinity(0, others)
        await _measure("directly to the backend", on.backend, "", on)
        await _measure("through the emulator", on.address, "", on)
        on.clinic.client.modify_rule(RuleArn=on.clinic.rule, Actions=on.forward(90, 10, 3600))
        (answer,) = await quick.get(on.address, [("/petclinic/", "")])
        cookie = answer["set-cookie"][0].partition(";")[0]
        await _measure("with group stickiness", on.address, cookie, on)
        print(f"{'resident memory':<34}{mebibytes(on.pid):7.1f} MiB")


if __name__ == "__main__":
    asyncio.run(main())
