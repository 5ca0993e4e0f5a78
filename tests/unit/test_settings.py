"""The operator's settings, from flags and environment variables."""

import argparse
import sys
from pathlib import Path

import pytest

from elbv2_trafficrouter.routing.ownership import Installation
from elbv2_trafficrouter.settings import (
    DEFAULT_LISTEN,
    PREFIX,
    Settings,
    TcpAddress,
    Tls,
    UnixAddress,
    add_flags,
    address,
    settings,
)

DEFAULT = UnixAddress(Path("/run/elbv2-trafficrouter/router.sock"))


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "LISTEN",
        "PLUGIN_NAME",
        "LOG_FORMAT",
        "LOG_LEVEL",
        "TLS_CERT",
        "TLS_KEY",
        "TLS_CLIENT_CA",
        "REGIONS",
    ):
        monkeypatch.delenv(PREFIX + name, raising=False)


def read(*flags: str) -> Settings:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_flags(parser)
    return settings(parser.parse_args(flags))


# Addresses


@pytest.mark.parametrize(
    ("text", "read_as", "for_grpc"),
    [
        pytest.param(
            "unix:///run/router.sock",
            UnixAddress(Path("/run/router.sock")),
            "unix:/run/router.sock",
            id="a Unix socket",
        ),
        pytest.param(
            "unix:///run/100%25 a.sock",
            UnixAddress(Path("/run/100%25 a.sock")),
            "unix:/run/100%2525%20a.sock",
            id="a path that a URI has to quote",
        ),
        pytest.param("127.0.0.1:50051", TcpAddress("127.0.0.1", 50051), "127.0.0.1:50051", id="loopback"),
        pytest.param(
            "127.1.2.3:50051", TcpAddress("127.1.2.3", 50051), "127.1.2.3:50051", id="another loopback"
        ),
        pytest.param("localhost:50051", TcpAddress("127.0.0.1", 50051), "127.0.0.1:50051", id="localhost"),
        pytest.param("[::1]:50051", TcpAddress("::1", 50051), "[::1]:50051", id="IPv6 loopback"),
        pytest.param("127.0.0.1:0", TcpAddress("127.0.0.1", 0), "127.0.0.1:0", id="a free port"),
        pytest.param(
            "127.0.0.1:65535", TcpAddress("127.0.0.1", 65535), "127.0.0.1:65535", id="the last port"
        ),
    ],
)
def test_an_address(text: str, read_as: UnixAddress | TcpAddress, for_grpc: str) -> None:
    assert address(text) == read_as
    assert str(read_as) == for_grpc


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        pytest.param("unix://run/router.sock", "use an absolute path", id="a relative path"),
        pytest.param("unix://", "use an absolute path", id="no path"),
        pytest.param("unix:///", "use an absolute path", id="the root directory"),
        pytest.param("example.com:50051", "use unix:///path or 127.0.0.1:port", id="a name"),
        pytest.param(":50051", "use unix:///path or 127.0.0.1:port", id="no host"),
        pytest.param("127.0.0.1", "use unix:///path or 127.0.0.1:port", id="no port"),
        pytest.param("127.0.0.1:", "use unix:///path or 127.0.0.1:port", id="an empty port"),
        pytest.param("127.0.0.1:http", "use unix:///path or 127.0.0.1:port", id="a port's name"),
        pytest.param("/run/router.sock", "use unix:///path or 127.0.0.1:port", id="a bare path"),
        pytest.param("http://127.0.0.1:80", "use unix:///path or 127.0.0.1:port", id="a URL"),
        pytest.param("", "use unix:///path or 127.0.0.1:port", id="nothing"),
        pytest.param("127.0.0.1:65536", "use a port from 0 to 65535", id="a port too high"),
        pytest.param("127.0.0.1:-1", "use a port from 0 to 65535", id="a port too low"),
    ],
)
def test_an_address_that_is_refused(text: str, remedy: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        address(text)
    assert str(caught.value).startswith(f"{text}: ")
    assert remedy in str(caught.value)


# Flags and environment


def test_without_flags_and_environment_there_are_defaults() -> None:
    assert read() == Settings(
        (DEFAULT,), None, "trafficrouter/elbv2", Installation(), read().log_format, "info"
    )
    assert address(DEFAULT_LISTEN) == DEFAULT


def test_flags_override_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "LISTEN", "127.0.0.1:1")
    monkeypatch.setenv(PREFIX + "PLUGIN_NAME", "acme/environment")
    monkeypatch.setenv(PREFIX + "LOG_FORMAT", "json")
    monkeypatch.setenv(PREFIX + "LOG_LEVEL", "error")
    chosen = read(
        *("--listen", "unix:///run/a.sock", "--listen", "127.0.0.1:2"),
        *("--plugin-name", "acme/flag", "--log-format", "console", "--log-level", "debug"),
    )
    listen = (UnixAddress(Path("/run/a.sock")), TcpAddress("127.0.0.1", 2))
    assert chosen == Settings(listen, None, "acme/flag", Installation(), "console", "debug")


def test_what_no_flag_sets_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "LISTEN", "unix:///run/a.sock  127.0.0.1:2")
    monkeypatch.setenv(PREFIX + "PLUGIN_NAME", "acme/100%")
    monkeypatch.setenv(PREFIX + "LOG_FORMAT", "console")
    monkeypatch.setenv(PREFIX + "LOG_LEVEL", "warning")
    listen = (UnixAddress(Path("/run/a.sock")), TcpAddress("127.0.0.1", 2))
    assert read() == Settings(listen, None, "acme/100%", Installation(), "console", "warning")


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_list_of_addresses_counts_as_none(monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    monkeypatch.setenv(PREFIX + "LISTEN", empty)
    assert read().listen == (DEFAULT,)


def test_regions_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read().regions == ()
    monkeypatch.setenv(PREFIX + "REGIONS", "eu-west-1, us-gov-west-1")
    assert read().regions == ("eu-west-1", "us-gov-west-1")
    assert read("--regions", "eu-central-1").regions == ("eu-central-1",)


def test_empty_variables_count_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = read()
    for name in ("PLUGIN_NAME", "LOG_FORMAT", "LOG_LEVEL"):
        monkeypatch.setenv(PREFIX + name, "")
    assert read() == expected


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        pytest.param("LISTEN", "nowhere:1", "nowhere:1: use unix:///path", id="an address"),
        pytest.param("LOG_FORMAT", "xml", f"{PREFIX}LOG_FORMAT is 'xml': use json or console", id="a format"),
        pytest.param(
            "LOG_LEVEL",
            "loud",
            f"{PREFIX}LOG_LEVEL is 'loud': use debug or info or warning or error",
            id="a level",
        ),
        pytest.param(
            "REGIONS",
            "eu-west-1 eu-central-1",
            f"--regions or {PREFIX}REGIONS: 'eu-west-1 eu-central-1' is not a region",
            id="regions without a comma",
        ),
    ],
)
def test_a_wrong_value_in_the_environment_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(PREFIX + variable, value)
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        read()
    assert str(caught.value).startswith(sentence)


def test_a_wrong_value_in_the_environment_does_not_matter_where_a_flag_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("LISTEN", "LOG_FORMAT", "LOG_LEVEL"):
        monkeypatch.setenv(PREFIX + name, "wrong")
    assert read("--listen", "127.0.0.1:2", "--log-format", "json", "--log-level", "info").log_level == "info"


@pytest.mark.parametrize(
    "flags", [("--listen", "nowhere:1"), ("--log-format", "xml"), ("--log-level", "loud")]
)
def test_a_wrong_flag_is_refused(flags: tuple[str, str]) -> None:
    with pytest.raises(argparse.ArgumentError, match=flags[0]):
        read(*flags)


@pytest.mark.parametrize(("is_terminal", "log_format"), [(True, "console"), (False, "json")])
def test_the_log_format_defaults_to_console_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, log_format: str
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    assert read().log_format == log_format


# TLS

BEYOND_LOOPBACK = [
    "0.0.0.0:50051",
    "[::]:50051",
    "10.0.0.1:50051",
    "[fe80::1]:50051",
    "[::ffff:10.0.0.1]:50051",
]
TLS_FLAGS = ("--tls-cert", "cert.pem", "--tls-key", "key.pem", "--tls-client-ca", "ca.pem")


@pytest.mark.parametrize("text", [*BEYOND_LOOPBACK, "128.0.0.1:50051"])
def test_tcp_beyond_loopback_needs_client_certificates(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is not on loopback and requires TLS"):
        read("--listen", text)
    assert len(read("--listen", text, *TLS_FLAGS).listen) == 1


@pytest.mark.parametrize("left_out", [0, 2, 4])
def test_the_files_of_tls_go_together(left_out: int) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="must be set together"):
        read(*TLS_FLAGS[:left_out], *TLS_FLAGS[left_out + 2 :])


def test_the_files_of_tls_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CERT", "KEY", "CLIENT_CA"):
        monkeypatch.setenv(f"{PREFIX}TLS_{name}", f"/tls/{name}")
    assert read().tls == Tls(Path("/tls/CERT"), Path("/tls/KEY"), Path("/tls/CLIENT_CA"))
