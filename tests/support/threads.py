"""Threads of a test that fail it when they do not end, instead of stopping the run."""

import threading
from collections.abc import Callable
from typing import Any

_PATIENCE_SECONDS = 30


def start(target: Callable[..., object], *arguments: Any) -> threading.Thread:
    """The interpreter does not wait for such a thread when it exits."""
    thread = threading.Thread(target=target, args=arguments, daemon=True)
    thread.start()
    return thread


def join(*threads: threading.Thread) -> None:
    """Waits for the threads. Raises AssertionError if one does not end."""
    for thread in threads:
        thread.join(_PATIENCE_SECONDS)
        assert not thread.is_alive(), f"{thread.name} has not ended after {_PATIENCE_SECONDS} s"
