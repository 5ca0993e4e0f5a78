"""The program elbv2-emulator: an emulator on a loopback address until it is told to end."""

import argparse
import asyncio
import signal
import sys
import time
from pathlib import Path

from elbv2_emulator.loading.read import read
from elbv2_emulator.loading.saved import Start
from elbv2_emulator.server import listening
from elbv2_emulator.state.timing import Timing
from elbv2_emulator.traffic.addresses import NotAnAddress, NotLoopback, address, loopback
from elbv2_emulator.world import World


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="elbv2-emulator", description="A strict local ELBv2 with a data plane."
    )
    parser.add_argument(
        "--api",
        metavar="HOST:PORT",
        default="127.0.0.1:4566",
        help="where the API listens; port 0 takes a free one (default: %(default)s)",
    )
    parser.add_argument(
        "--allow-remote",
        action="store_true",
        help="take an --api that is not on loopback. Whoever reaches it can change all it holds, without a "
        "password, and have it connect to any port of this machine",
    )
    parser.add_argument(
        "--load",
        metavar="FILE",
        nargs="+",
        type=Path,
        default=[],
        help="begin with a saved state (GET /_emulator/state), or with what aws elbv2 "
        "describe-load-balancers, -listeners, -rules, -target-groups, -target-health and -tags printed, in "
        "any number of files",
    )
    told = parser.parse_args()
    try:
        host, port = address(told.api) if told.allow_remote else loopback(told.api)
    except NotLoopback as error:
        parser.error(f"--api: {error}; --allow-remote takes any address of this machine")
    except NotAnAddress as error:
        parser.error(f"--api: {error}")
    try:
        start = read(*(file.read_text() for file in told.load)) if told.load else Start()
    except (OSError, ValueError) as error:
        parser.error(f"--load: {error}")
    try:
        asyncio.run(_serve(host, port, start))
    except OSError as error:
        parser.exit(1, f"elbv2-emulator: cannot listen: {error}\n")


async def _serve(host: str, port: int, start: Start) -> None:
    told_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told_to_end.set)
    world = World.fresh(time.time, Timing())
    async with listening(host, port, world, start=start) as running:
        sys.stdout.write(f"elbv2-emulator listens on {running.url}\n")
        sys.stdout.flush()
        await told_to_end.wait()


if __name__ == "__main__":
    main()
