"""A proxy between the sidecar and AWS: it holds calls and changes answers, which the emulator does not."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import urllib3

_PATIENCE_SECONDS = 20


class Hold:
    """Holds calls of an action until they are released: a test knows that calls overlap, and where.

    A held call has not reached AWS yet or, with `applied`, AWS has applied it and its answer is held. The
    sidecar waits 2 s for an answer. `first`: only the first call is held.
    """

    def __init__(self, action: str = "DescribeRules", *, applied: bool = True, first: bool = False) -> None:
        self._action, self._applied = action, applied
        self._left = threading.Semaphore(1 if first else sys.maxsize)
        self._arrived = threading.Semaphore(0)
        self._released = threading.Event()

    def wait_for(self, calls: int = 1) -> None:
        """Returns once so many more calls are held."""
        for missing in range(calls, 0, -1):
            if not self._arrived.acquire(timeout=_PATIENCE_SECONDS):
                raise AssertionError(f"{missing} of {calls} calls of {self._action} did not reach AWS")

    def release(self) -> None:
        """Lets all held calls go on, and all later ones pass."""
        self._released.set()

    def pass_through(self, action: str, *, applied: bool) -> None:
        """Called by the proxy, before AWS gets a call and after AWS has answered it."""
        if (action, applied) == (self._action, self._applied) and self._left.acquire(blocking=False):
            self._arrived.release()
            self._released.wait(_PATIENCE_SECONDS)


class _Server(ThreadingHTTPServer):
    request_queue_size = 64  # a connection for each of the sidecar's threads, at once
    daemon_threads = True  # a call that is still held does not delay the end


@contextmanager
def proxy_to(
    url: str, *, change: Callable[[bytes], bytes] = bytes, hold: Hold | None = None
) -> Iterator[str]:
    """The address of an AWS that answers as the one at `url` does, its bodies changed, calls held."""
    held = hold or Hold("none")

    class Proxy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            (action,) = parse_qs(sent.decode())["Action"]
            held.pass_through(action, applied=False)
            answer = urllib3.request("POST", url, body=sent, headers=dict(self.headers), retries=False)
            held.pass_through(action, applied=True)
            body = change(answer.data)
            self.send_response(answer.status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with _Server(("127.0.0.1", 0), Proxy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            held.release()
            server.shutdown()
            thread.join(_PATIENCE_SECONDS)
