"""The program elbv2-emulator: an emulator on a loopback address until it is told to end."""

import argparse
import asyncio
import signal
import sys

from elbv2_emulator.addresses import NotLoopback, loopback
from elbv2_emulator.server import listening


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="elbv2-emulator", description="A strict local ELBv2 with a data plane."
    )
    parser.add_argument(
        "--api",
        metavar="HOST:PORT",
        default="127.0.0.1:4566",
        help="where the API listens, on loopback only; port 0 takes a free one (default: %(default)s)",
    )
    try:
        host, port = loopback(parser.parse_args().api)
    except NotLoopback as error:
        parser.error(f"--api: {error}")
    try:
        asyncio.run(_serve(host, port))
    except OSError as error:
        parser.exit(1, f"elbv2-emulator: cannot listen: {error}\n")


async def _serve(host: str, port: int) -> None:
    told_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told_to_end.set)
    async with listening(host, port) as url:
        sys.stdout.write(f"elbv2-emulator listens on {url}\n")
        sys.stdout.flush()
        await told_to_end.wait()


if __name__ == "__main__":
    main()
