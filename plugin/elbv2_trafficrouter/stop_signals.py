"""The signals that stop the server. They are blocked and waited for, so that none can be lost.

A handler would run only when Python gets to it in the main thread, and the kernel may deliver the signal to
any thread. A blocked signal stays pending until the main thread takes it, whenever it arrives.
"""

import signal

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def block_stop_signals() -> None:
    """Blocks the signals in this thread and in all threads that it starts from now on.

    Call it before any thread starts: a thread that does not block a signal would take it from the one that
    waits.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)


def wait_for_stop_signal() -> None:
    """Returns once one of the signals has arrived since they were blocked."""
    signal.sigwait(_STOP_SIGNALS)
