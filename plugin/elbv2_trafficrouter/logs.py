"""Configures structlog: JSON for machines, coloured lines for a person at a terminal."""

import logging
import sys
from typing import Any, Literal

import structlog

from elbv2_trafficrouter.redaction import redacted

LogFormat = Literal["json", "console"]


def configure(log_format: LogFormat, level: str) -> None:
    """Logs to stderr, from `level` (debug, info, warning, error) upwards."""
    # Tracebacks have no local variables: those of boto3 hold credentials.
    tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    renderers: dict[LogFormat, list[structlog.typing.Processor]] = {
        "json": [structlog.processors.ExceptionRenderer(tracebacks), structlog.processors.JSONRenderer()],
        "console": [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ],
    }
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            *renderers[log_format],
            _redact,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )


def _redact(_logger: object, _method: str, line: Any) -> str:
    """The last step: a traceback or a field may hold credentials, whoever wrote it."""
    return redacted(line)
