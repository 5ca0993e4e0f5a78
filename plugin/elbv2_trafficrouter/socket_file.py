"""The file of the Unix socket: only one server uses it, a stale socket is removed, and its mode is 0660."""

import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MAX_PATH_BYTES = 107  # sun_path has 108 bytes with the final zero (unix(7))
_UMASK = 0o117
_ANSWER_SECONDS = 1


class SocketUnusable(Exception):  # noqa: N818  says what is wrong
    """The server can't listen on the path; the message says why and what to do."""


@contextmanager
def socket_file(path: Path) -> Iterator[None]:
    """Owns the path while the block runs: keeps a second server out and removes a stale socket.

    The lock is on a file next to the socket; the kernel releases it however the process ends.
    Raises SocketUnusable.
    """
    if len(os.fsencode(path)) > _MAX_PATH_BYTES:
        raise SocketUnusable(
            f"{path} is too long for a Unix socket: choose a --listen with at most {_MAX_PATH_BYTES} bytes."
        )
    if not path.parent.is_dir():
        raise SocketUnusable(
            f"{path.parent} does not exist. Create it, mount a volume there, or choose another --listen."
        )
    with os.fdopen(_open_lock(path.with_name(path.name + ".lock"))) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SocketUnusable(
                f"Another server listens on {path}. Stop it, or choose another --listen."
            ) from error
        _remove_stale(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def group_may_connect() -> Iterator[None]:
    """Sockets that are bound in this block are created with mode 0660: other users can never connect."""
    before = os.umask(_UMASK)
    try:
        yield
    finally:
        os.umask(before)


def _open_lock(lock: Path) -> int:
    """Opens the lock file. Never follows a symlink, truncates a file or waits for a pipe."""
    try:
        file = os.open(lock, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SocketUnusable(
            f"Can't open {lock}: {error.strerror}. Remove it, or choose another --listen."
        ) from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise SocketUnusable(
            f"{lock} exists and is not a regular file. Remove it, or choose another --listen."
        )
    return file


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise SocketUnusable(f"{path} exists and is not a socket. Remove it, or choose another --listen.")
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_ANSWER_SECONDS)
        # The lock alone is not enough: someone may have removed the lock file of a running server.
        # EAGAIN: a server listens, and its queue of connections is full.
        if client.connect_ex(str(path)) in {0, errno.EAGAIN}:
            raise SocketUnusable(f"Another server listens on {path}. Stop it, or choose another --listen.")
    path.unlink()
