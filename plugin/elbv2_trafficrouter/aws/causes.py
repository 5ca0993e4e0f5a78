"""What went wrong below botocore, in words that hold no secret.

The texts of errors of botocore, urllib3 and http.client quote headers, URLs, tokens and whole responses. So
only the names of their classes are used, and the operating system's or OpenSSL's own words.
"""

import os
import socket
import ssl
from collections.abc import Iterator

_MOST_CAUSES = 5


def cause_of(error: BaseException) -> str:
    """For example `EndpointConnectionError: NameResolutionError: gaierror (Name or service not known)`."""
    return ": ".join(dict.fromkeys(_names(error)))


def _names(error: BaseException | None) -> Iterator[str]:
    for _ in range(_MOST_CAUSES):
        if error is None:
            return
        yield _name(error)
        error = _below(error)


def _name(error: BaseException) -> str:
    words = ""
    if isinstance(error, ssl.SSLCertVerificationError):
        words = error.verify_message
    elif isinstance(error, socket.gaierror):
        words = error.strerror or ""
    elif isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and error.errno:
        words = os.strerror(error.errno)
    return f"{type(error).__name__} ({words})" if words else type(error).__name__


def _below(error: BaseException) -> BaseException | None:
    # botocore keeps the error below in the fields of its text.
    candidates = [getattr(error, "kwargs", {}).get("error"), error.__cause__, *error.args]
    candidates.append(None if error.__suppress_context__ else error.__context__)
    return next((below for below in candidates if isinstance(below, BaseException)), None)
