"""Calls made by many threads at once in a new process, where nothing has been used before."""

import subprocess
import sys

_PROCESSES = 8
_THREADS = 8

_PROGRAM = """
import sys, threading
{prepare}
start = threading.Barrier({threads})
def use():
    start.wait()
    {use}
sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=use) for _ in range({threads})]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def assert_safe_at_first_use(prepare: str, use: str) -> None:
    """Fails if a process dies. `prepare` and `use`: a line of Python each."""
    program = _PROGRAM.format(prepare=prepare, use=use, threads=_THREADS)
    for _ in range(_PROCESSES):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
