"""Something between the sidecar and AWS that the emulator can't be asked for."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import urllib3


class _Server(ThreadingHTTPServer):
    request_queue_size = 64  # a connection for each of the sidecar's threads, at once


@contextmanager
def front_of(url: str, change: Callable[[bytes], bytes]) -> Iterator[str]:
    """The address of an AWS that answers as the one at `url` does, its bodies changed."""

    class Front(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            answer = urllib3.request("POST", url, body=sent, headers=dict(self.headers), retries=False)
            body = change(answer.data)
            self.send_response(answer.status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with _Server(("127.0.0.1", 0), Front) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
