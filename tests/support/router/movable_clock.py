"""The sidecar with a clock that a test moves ahead: `python -m support.router.movable_clock serve …`.

The file that MOVABLE_CLOCK names holds the seconds by which the clock is ahead. Deadlines of calls and
connections are real.
"""

import os
import sys
import time
from pathlib import Path

from elbv2_trafficrouter.cli import main
from elbv2_trafficrouter.runtime import ThreadRuntime

VARIABLE = "MOVABLE_CLOCK"


def _now(_self: ThreadRuntime) -> float:
    return time.monotonic() + float(Path(os.environ[VARIABLE]).read_text())


if __name__ == "__main__":
    setattr(ThreadRuntime, "now", _now)  # noqa: B010  mypy refuses an assignment to a method
    sys.exit(main())
