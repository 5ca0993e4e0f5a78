"""stderr whose reader hangs, is gone, or comes back."""

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from elbv2_trafficrouter.stderr import Stderr

ROOM = 4 * 4096


@dataclass
class Pipe:
    output: int
    input: int

    def read(self) -> str:
        """Everything that was written so far."""
        text = b""
        while True:
            try:
                text += os.read(self.output, 65536)
            except BlockingIOError:
                return text.decode()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    output, written = os.pipe()
    os.set_blocking(output, False)
    fcntl.fcntl(written, fcntl.F_SETPIPE_SZ, ROOM)
    yield Pipe(output, written)
    for descriptor in (output, written):
        try:
            os.close(descriptor)
        except OSError:
            continue


@pytest.fixture
def stderr(pipe: Pipe) -> Stderr:
    stderr = Stderr(pipe.input)
    stderr.dropped_line = "dropped {}\n".format
    return stderr


def line(number: int, length: int = 1000) -> str:
    return f"{number:04}{'.' * (length - 5)}\n"


def test_what_fits_is_written(stderr: Stderr, pipe: Pipe) -> None:
    assert stderr.write("one\n") == 4
    print("two", file=stderr)
    assert pipe.read() == "one\ntwo\n"


def test_lines_without_room_are_dropped_and_counted_once_there_is_room(stderr: Stderr, pipe: Pipe) -> None:
    for number in range(50):
        stderr.write(line(number))
    first = pipe.read()
    stderr.write(line(50))
    written = (first + pipe.read()).splitlines(keepends=True)
    whole = len(written) - 2
    assert written == [*map(line, range(whole)), f"dropped {50 - whole}\n", line(50)]
    assert whole >= 10
    stderr.write(line(51))
    assert pipe.read() == line(51), "counted once"


def test_the_rest_of_a_line_longer_than_the_pipe_comes_before_the_next_line(
    stderr: Stderr, pipe: Pipe
) -> None:
    long = line(1, ROOM + 1000)
    stderr.write(long)
    stderr.write("dropped\n")
    text = pipe.read()
    assert len(text) < len(long)
    stderr.write("last\n")
    assert text + pipe.read() == f"{long}dropped 1\nlast\n"


def test_a_reader_that_is_gone_is_no_failure(stderr: Stderr, pipe: Pipe) -> None:
    os.close(pipe.output)
    for number in range(10):
        stderr.write(line(number))


def test_a_closed_descriptor_is_no_failure(stderr: Stderr, pipe: Pipe) -> None:
    os.close(pipe.input)
    stderr.write("one\n")


def test_text_that_is_not_unicode_is_escaped(stderr: Stderr, pipe: Pipe) -> None:
    stderr.write("\ud800\n")
    assert pipe.read() == "\\ud800\n"


def test_a_file_gets_everything(tmp_path: os.PathLike[str]) -> None:
    path = os.path.join(tmp_path, "log")  # noqa: PTH118  a descriptor is what is tested
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    Stderr(descriptor).write(line(1, 100_000))
    os.close(descriptor)
    assert os.path.getsize(path) == 100_000  # noqa: PTH202  as above
