"""The URL of a request to a backend: whatever the path is, the request goes to the backend."""

import pytest

from elbv2_emulator.traffic.addresses import backend_url


@pytest.mark.parametrize(("backend", "host"), [("127.0.0.1:9001", "127.0.0.1"), ("[::1]:9001", "::1")])
@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/a%2Fb?q=%2F&q=a+b",
        "@127.0.0.1:19099/x",
        ":pass@127.0.0.1:19099/x",
        "//127.0.0.1:19099/x",
        ".example.com/x",
        "http://127.0.0.1:19099/x",
        "?@127.0.0.1:19099/x",
        "*",
        "",
    ],
)
def test_a_target_names_no_host(backend: str, host: str, target: str) -> None:
    url = backend_url("HTTP", backend, target)
    assert (url.scheme, url.user, url.host, url.port) == ("http", None, host, 9001)
    assert url.raw_path_qs == (target if target.startswith("/") else url.raw_path_qs)
