"""A socket whose server is busy, while the lock file next to it is gone."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from elbv2_trafficrouter.socket_file import SocketUnusable, socket_file


@pytest.fixture
def busy() -> Iterator[Path]:
    """The path of a socket whose server accepts no connection, and whose queue of connections is full."""
    # A short path: that of a Unix socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(dir="/tmp") as directory, ExitStack() as sockets:
        path = Path(directory) / "router.sock"
        server = sockets.enter_context(socket.socket(socket.AF_UNIX))
        server.bind(str(path))
        server.listen(0)
        is_full = False
        while not is_full:
            client = sockets.enter_context(socket.socket(socket.AF_UNIX))
            client.setblocking(False)
            is_full = client.connect_ex(str(path)) != 0
        yield path


@pytest.mark.timeout(10)
def test_a_server_that_accepts_no_connection_keeps_its_socket(busy: Path) -> None:
    """It is not waited for either: it may never accept one."""
    with pytest.raises(SocketUnusable, match="Another server listens"), socket_file(busy):
        pass
    assert busy.is_socket()
