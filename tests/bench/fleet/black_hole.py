"""AWS of which a part accepts requests and never answers: `python -m bench.fleet.black_hole URL TEXT…`.

A request that contains one of the texts is not answered. All others are answered by the AWS at the URL.
"""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from urllib.parse import unquote, urlsplit

from bench.fleet.router import TESTS

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@contextmanager
def black_hole(url: str, *texts: str) -> Iterator[str]:
    """The URL of such an AWS, in a process of its own so that it does not slow down its clients."""
    command = [sys.executable, "-m", "bench.fleet.black_hole", url, *texts]
    with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://{process.stdout.readline().strip()}"
        finally:
            process.terminate()


async def main(url: str, texts: Sequence[str]) -> None:
    async def serve(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        with closing(to_client), suppress(ConnectionError, asyncio.IncompleteReadError):
            address = urlsplit(url)
            aws, to_aws = await asyncio.open_connection(address.hostname, address.port)
            with closing(to_aws):
                while True:
                    request = await _message(client)
                    if any(text in unquote(request.decode()) for text in texts):
                        await client.read()  # returns once the client has closed the connection
                        return
                    to_aws.write(request)
                    to_client.write(await _message(aws))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print("{}:{}".format(*server.sockets[0].getsockname()), flush=True)
    await server.serve_forever()


async def _message(stream: asyncio.StreamReader) -> bytes:
    """An HTTP request or response, of which neither boto3 nor the emulator sends chunks."""
    head = await stream.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    assert length is not None, head
    return head + await stream.readexactly(int(length[1]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
