"""What is written to stderr."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from elbv2_trafficrouter import logs


@pytest.fixture(autouse=True)
def _structlog_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


Stderr = pytest.CaptureFixture[str]


def lines(stderr: Stderr) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stderr.readouterr().err.splitlines()]


def fail(secret: str) -> None:
    raise ValueError(f"{len(secret)} characters")


def test_a_line_is_an_object_with_time_level_and_what_was_bound(capsys: Stderr) -> None:
    logs.configure("json", "info")
    structlog.get_logger().bind(rollout="was").info("done", seconds=0.012)
    (line,) = lines(capsys)
    assert dt.datetime.fromisoformat(line.pop("time")).utcoffset() == dt.timedelta()
    assert line == {"event": "done", "level": "info", "rollout": "was", "seconds": 0.012}


def test_nothing_goes_to_stdout(capsys: Stderr) -> None:
    logs.configure("json", "info")
    structlog.get_logger().info("done")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("level", "logged"),
    [
        pytest.param("debug", ["debug", "info", "warning", "error"], id="debug"),
        pytest.param("info", ["info", "warning", "error"], id="info"),
        pytest.param("warning", ["warning", "error"], id="warning"),
        pytest.param("error", ["error"], id="error"),
    ],
)
def test_the_chosen_level_and_those_above_it_are_logged(
    capsys: Stderr, level: str, logged: list[str]
) -> None:
    logs.configure("json", level)
    for name in ("debug", "info", "warning", "error"):
        getattr(structlog.get_logger(), name)("x")
    assert [line["level"] for line in lines(capsys)] == logged


def test_a_line_stays_one_line_whatever_is_in_it(capsys: Stderr) -> None:
    logs.configure("json", "info")
    structlog.get_logger().info("done", reason="one\ntwo\u2028three\ud800", thing=object())
    (line,) = lines(capsys)
    assert line["reason"] == "one\ntwo\u2028three\ud800"


def test_a_traceback_is_logged_with_its_frames(capsys: Stderr) -> None:
    logs.configure("json", "info")
    try:
        fail("hunter2")
    except ValueError:
        structlog.get_logger().exception("defect")
    (line,) = lines(capsys)
    (exception,) = line["exception"]
    assert (exception["exc_type"], exception["exc_value"]) == ("ValueError", "7 characters")
    assert exception["frames"][-1]["name"] == "fail"


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_has_no_local_variables(capsys: Stderr, log_format: logs.LogFormat) -> None:
    """A client's frames hold credentials."""
    logs.configure(log_format, "info")
    credentials = {"key": "hunter2"}
    try:
        fail(credentials["key"])
    except ValueError:
        structlog.get_logger().exception("defect")
    logged = capsys.readouterr().err
    assert "fail" in logged
    assert "hunter2" not in logged


def test_a_person_reads_lines_without_json(capsys: Stderr) -> None:
    logs.configure("console", "info")
    structlog.get_logger().info("done", rollout="was")
    logged = capsys.readouterr().err
    assert "done" in logged
    assert "rollout=was" in logged
    assert "{" not in logged
    assert "\x1b" not in logged
