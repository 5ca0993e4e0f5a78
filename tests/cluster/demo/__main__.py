"""`make demo-cluster`: the real Argo Rollouts runs a canary on this machine, and every request is counted.

With KEEP=1 everything stays up afterwards, to try it out.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from subprocess import CalledProcessError
from tempfile import TemporaryDirectory
from types import FrameType
from typing import NoReturn

from cluster import programs
from cluster.applications.petclinic import Petclinic
from cluster.demo.canary import WEIGHTS, deploy, play
from cluster.demo.shell import commands_to_try
from cluster.demo.verdict import Played, faults, summary
from cluster.process import NotInTime
from cluster.world import world
from elbv2_trafficrouter.cli.demo.processes import isolate_environment

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Ended(BaseException):
    """A signal asked for the end. Not an Exception, which other code might catch."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number)
        self.number = number


def main() -> int:
    isolate_environment()
    for number in _SIGNALS:
        signal.signal(number, _end)
    try:
        with TemporaryDirectory(prefix="demo-") as directory:
            return _demo(Path(directory))
    except _Ended as ended:
        sys.stderr.write(f"The demo was ended by {ended.number.name}.\n")
        return 128 + ended.number


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    # Only the first: a second Ctrl-C must not break off the ending of processes.
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise _Ended(signal.Signals(number))


def _demo(directory: Path) -> int:
    _say(
        f"Starting Kubernetes {programs.KUBERNETES.version}, Argo Rollouts {programs.NEWEST}, the router and "
        "an ELBv2 emulator. This takes about 15 seconds…"
    )
    try:
        with world(directory) as running:
            clinic = deploy(running)
            found = _judged(play(clinic))
            if os.environ.get("KEEP"):
                with suppress(_Ended):
                    _keep(clinic)
    except (NotInTime, CalledProcessError) as error:
        _say(f"\nThe demo broke off: {error}", *getattr(error, "__notes__", ()))
        return 1
    return 1 if found else 0


def _judged(played: Played) -> list[str]:
    found = faults(played, WEIGHTS)
    _say("", *summary(played), "")
    _say(*(["Not exact:", *(f"- {fault}" for fault in found)] if found else ["All weights exact."]))
    return found


def _keep(clinic: Petclinic) -> None:
    lines = (f"  {line}".rstrip() for line in commands_to_try(clinic))
    _say("", "All of it stays up. In another shell:", "", *lines, "", "Ctrl-C ends it.")
    signal.pause()


def _say(*sentences: str) -> None:
    print(*sentences, sep="\n", flush=True)  # noqa: T201  for a person


if __name__ == "__main__":
    sys.exit(main())
