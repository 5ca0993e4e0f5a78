"""The Unix socket's file."""

import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from elbv2_trafficrouter.socket_file import SocketUnusable, group_may_connect, socket_file

MAX_PATH_BYTES = 107


@pytest.fixture
def directory() -> Iterator[Path]:
    """A short path: that of a Unix socket has at most 107 bytes."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        yield Path(made)


@pytest.fixture
def path(directory: Path) -> Path:
    return directory / "router.sock"


def bind(path: Path) -> socket.socket:
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(str(path))
    return bound


def leave_a_stale_socket(path: Path) -> None:
    bind(path).close()
    assert path.is_socket()


def test_the_path_is_free_while_it_is_owned_and_gone_afterwards(path: Path) -> None:
    with socket_file(path), bind(path):
        assert path.is_socket()
    assert not path.exists()


def test_a_stale_socket_is_removed(path: Path) -> None:
    leave_a_stale_socket(path)
    with socket_file(path):
        assert not path.exists()


def test_a_second_owner_is_refused_and_the_first_keeps_serving(path: Path) -> None:
    with socket_file(path), bind(path) as first:
        first.listen()
        with (
            pytest.raises(
                SocketUnusable, match=r"Another server listens on .*router\.sock\. Stop it, or choose"
            ),
            socket_file(path),
        ):
            pass
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


def test_a_path_can_be_owned_again_when_its_owner_has_ended(path: Path) -> None:
    for _ in range(3):
        with socket_file(path), bind(path):
            pass


def test_a_path_can_be_owned_again_when_its_owner_was_killed(path: Path) -> None:
    """The kernel releases the lock with the process; the stale socket remains."""
    program = (
        "import os, pathlib, signal, socket, sys\n"
        "from elbv2_trafficrouter.socket_file import socket_file\n"
        "with socket_file(pathlib.Path(sys.argv[1])):\n"
        "    socket.socket(socket.AF_UNIX).bind(sys.argv[1])\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-W", "ignore", "-c", program, str(path)], check=False)
    assert killed.returncode == -9
    assert path.is_socket()
    with socket_file(path), bind(path):
        pass


def test_a_failure_of_the_owner_frees_the_path(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), socket_file(path), bind(path):
        raise ZeroDivisionError
    with socket_file(path):
        assert not path.exists()


def test_two_paths_of_a_directory_have_an_owner_each(directory: Path) -> None:
    with socket_file(directory / "a.sock"), socket_file(directory / "b.sock"):
        pass


@pytest.mark.parametrize(
    "kind", ["file", "directory", "symlink to a file", "symlink to a socket", "dangling symlink"]
)
def test_anything_but_a_socket_is_left_unchanged(path: Path, directory: Path, kind: str) -> None:
    target = directory / "target"
    match kind:
        case "file":
            path.write_text("precious")
        case "directory":
            path.mkdir()
        case "symlink to a file":
            target.write_text("precious")
            path.symlink_to(target)
        case "symlink to a socket":
            leave_a_stale_socket(target)
            path.symlink_to(target)
        case "dangling symlink":
            path.symlink_to(target)
    there = {entry.name: entry.lstat().st_mode for entry in directory.iterdir()}
    with (
        pytest.raises(SocketUnusable, match=r"exists and is not a socket\. Remove it, or choose another"),
        socket_file(path),
    ):
        pass
    assert there.items() <= {entry.name: entry.lstat().st_mode for entry in directory.iterdir()}.items()
    assert (
        "precious" in {entry.read_text() for entry in directory.iterdir() if entry.is_file()}
        or "file" not in kind
    )


def test_a_lock_that_leads_elsewhere_is_refused_and_nothing_emptied(path: Path, directory: Path) -> None:
    target = directory / "target"
    target.write_text("precious")
    path.with_name("router.sock.lock").symlink_to(target)
    with pytest.raises(SocketUnusable, match="Can't open"), socket_file(path):
        pass
    assert target.read_text() == "precious"


def test_a_lock_that_is_a_pipe_is_refused_and_not_waited_for(path: Path) -> None:
    os.mkfifo(path.with_name("router.sock.lock"))
    with pytest.raises(SocketUnusable, match="is not a regular file"), socket_file(path):
        pass


def test_a_server_whose_lock_file_was_removed_keeps_its_socket(path: Path) -> None:
    with socket_file(path), bind(path) as bound:
        bound.listen()
        path.with_name("router.sock.lock").unlink()
        with pytest.raises(SocketUnusable, match="Another server listens"), socket_file(path):
            pass
        assert path.is_socket()


def test_a_path_at_the_limit_can_be_bound(directory: Path) -> None:
    path = directory / ("s" * (MAX_PATH_BYTES - len(os.fsencode(directory)) - 1))
    with socket_file(path), bind(path):
        assert len(os.fsencode(path)) == MAX_PATH_BYTES


@pytest.mark.parametrize("letter", ["s", "é"])
def test_a_path_above_the_limit_is_refused(directory: Path, letter: str) -> None:
    """The limit counts bytes."""
    room = MAX_PATH_BYTES - len(os.fsencode(directory)) - 1
    path = directory / (letter * (room // len(letter.encode()) + 1))
    with (
        pytest.raises(
            SocketUnusable, match="too long for a Unix socket: choose a --listen with at most 107 bytes"
        ),
        socket_file(path),
    ):
        pass
    assert list(directory.iterdir()) == []


def test_a_missing_directory_is_refused(directory: Path) -> None:
    with (
        pytest.raises(
            SocketUnusable,
            match=r"missing does not exist\. Create it, mount a volume there, or choose another --listen\.",
        ),
        socket_file(directory / "missing" / "router.sock"),
    ):
        pass


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_socket_is_created_with_mode_0660_whatever_the_umask(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with group_may_connect(), bind(path):
            mode = stat.S_IMODE(path.stat().st_mode)
        after = os.umask(umask)
    finally:
        os.umask(before)
    assert mode == 0o660
    assert after == umask
