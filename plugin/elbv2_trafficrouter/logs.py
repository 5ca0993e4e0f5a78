"""Configures structlog: JSON for machines, coloured lines for a person at a terminal."""

import logging
import os
import sys
from typing import Any, Literal

import structlog

from elbv2_trafficrouter.redaction import redacted
from elbv2_trafficrouter.stderr import Stderr

LogFormat = Literal["json", "console"]


def silence_libraries() -> None:
    """Keeps the lines of gRPC and of Python's libraries out of the log. Call it before gRPC is imported.

    They hold, unescaped, what a client or a server has sent: a peer could write lines of this log.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    logging.getLogger().addHandler(logging.NullHandler())


def configure(log_format: LogFormat, level: str) -> None:
    """Logs to stderr, from `level` (debug, info, warning, error) upwards."""
    # Tracebacks do not show local variables: those of boto3 contain credentials.
    tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    renderers: dict[LogFormat, list[structlog.typing.Processor]] = {
        "json": [structlog.processors.ExceptionRenderer(tracebacks), structlog.processors.JSONRenderer()],
        "console": [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ],
    }
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        *renderers[log_format],
        _redact,
    ]

    def dropped_line(count: int) -> str:
        line: Any = {"event": "log lines dropped", "count": count}
        for processor in processors:
            line = processor(None, "warning", line)
        return f"{line}\n"

    if isinstance(sys.stderr, Stderr):
        sys.stderr.dropped_line = dropped_line
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )


def _redact(_logger: object, _method: str, line: Any) -> str:
    """The last step: a traceback or a field may hold credentials, whoever wrote it."""
    return redacted(line)
