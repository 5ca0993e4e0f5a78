"""Configures structlog: JSON for machines, coloured lines for a person at a terminal."""

import logging
import sys
from typing import Literal

import structlog

LogFormat = Literal["json", "console"]


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
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            *renderers[log_format],
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
