"""The program elbv2-emulator: serves an emulator until it receives SIGINT or SIGTERM."""

import argparse
import asyncio
import signal
import sys
import time
from pathlib import Path

from elbv2_emulator.loading.read import read_contents
from elbv2_emulator.loading.saved import Contents
from elbv2_emulator.server import serve
from elbv2_emulator.state.timing import Timing
from elbv2_emulator.traffic.addresses import (
    NotAnAddress,
    NotLoopback,
    parse_address,
    parse_loopback_address,
)
from elbv2_emulator.world import World


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="elbv2-emulator", description="A strict local ELBv2 with a data plane."
    )
    parser.add_argument(
        "--api",
        metavar="HOST:PORT",
        default="127.0.0.1:4566",
        help="address that the API listens on; port 0 selects a free port (default: %(default)s)",
    )
    parser.add_argument(
        "--allow-remote",
        action="store_true",
        help="accept an --api address that is not on loopback. Anyone who can reach it can change everything "
        "in the emulator without a password, and can make it connect to any port of this machine",
    )
    parser.add_argument(
        "--load",
        metavar="FILE",
        nargs="+",
        type=Path,
        default=[],
        help="start with a saved state (the output of GET /_emulator/state), or with the output of "
        "aws elbv2 describe-load-balancers, -listeners, -rules, -target-groups, -target-health and -tags, "
        "in any number of files",
    )
    options = parser.parse_args()
    try:
        parse = parse_address if options.allow_remote else parse_loopback_address
        host, port = parse(options.api)
    except NotLoopback as error:
        parser.error(f"--api: {error}; with --allow-remote any address of this machine is accepted")
    except NotAnAddress as error:
        parser.error(f"--api: {error}")
    try:
        contents = read_contents(*(file.read_text() for file in options.load)) if options.load else Contents()
    except (OSError, ValueError) as error:
        parser.error(f"--load: {error}")
    try:
        asyncio.run(_serve_until_signal(host, port, contents))
    except OSError as error:
        parser.exit(1, f"elbv2-emulator: cannot listen: {error}\n")


async def _serve_until_signal(host: str, port: int, contents: Contents) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    world = World.fresh(time.time, Timing())
    async with serve(host, port, world, contents=contents) as server:
        sys.stdout.write(f"elbv2-emulator listens on {server.url}\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    main()
