"""The Unix socket's file: one server at a time, what a killed one left is removed, 0660."""

import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MAX_PATH_BYTES = 107  # sun_path has 108 with its final zero (unix(7))
_UMASK = 0o117
_ANSWER_SECONDS = 1


class SocketInUse(Exception):  # noqa: N818  says what is wrong
    """The path can't be listened on; the text says why and what to do."""


@contextmanager
def socket_file(path: Path) -> Iterator[None]:
    """Owns the path while the block runs: locked against a second server, free of a stale socket.

    The lock is a file beside the socket and ends with the process, however that ends. Raises SocketInUse.
    """
    if len(os.fsencode(path)) > _MAX_PATH_BYTES:
        raise SocketInUse(
            f"{path} is too long for a Unix socket; take one of at most {_MAX_PATH_BYTES} bytes."
        )
    if not path.parent.is_dir():
        raise SocketInUse(
            f"{path.parent} does not exist. Create it, mount a volume there, or choose another --listen."
        )
    with os.fdopen(_opened(path.with_name(path.name + ".lock"))) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SocketInUse(
                f"Another server listens on {path}. Stop it, or choose another --listen."
            ) from error
        _remove_stale(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def group_may_connect() -> Iterator[None]:
    """Sockets that are bound in the block are born with mode 0660: at no moment can others connect."""
    before = os.umask(_UMASK)
    try:
        yield
    finally:
        os.umask(before)


def _opened(lock: Path) -> int:
    """The lock file's descriptor; what else may lie there is neither followed, emptied nor waited for."""
    try:
        file = os.open(lock, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SocketInUse(
            f"{lock} can't be opened: {error.strerror}. Remove it, or choose another --listen."
        ) from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise SocketInUse(f"{lock} exists and is not a file. Remove it, or choose another --listen.")
    return file


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise SocketInUse(f"{path} exists and is not a socket. Remove it, or choose another --listen.")
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_ANSWER_SECONDS)
        # Somebody may have removed the lock file of a server that goes on.
        if client.connect_ex(str(path)) == 0:
            raise SocketInUse(f"Another server listens on {path}. Stop it, or choose another --listen.")
    path.unlink()
