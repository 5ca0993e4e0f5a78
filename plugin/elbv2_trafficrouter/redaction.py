"""Keeps secrets out of everything that a person reads: log lines, error sentences and their details.

Two rules: what a field's name or a URL shows to be a secret, and every secret that this process has held. Any
thread may use them. A restart loses the secrets, and with them the texts that could contain them.
"""

import re
from collections import deque
from urllib.parse import urlsplit

REDACTED = "[redacted]"
_MOST_SECRETS = 64  # credentials are renewed every hour or so, and have three parts
_SHORTEST_SECRET = 16  # a shorter text may be an ordinary word
_secrets: deque[str] = deque(maxlen=_MOST_SECRETS)

_USER_OF_URL = re.compile(r"(?<=://)[^\s/\"'<>\\]*@")
_FIELD = re.compile(
    r"""(?ix)
    ( (?: secret_?access_?key | session_?token | security[-_]token | web_?identity_?token | authorization
        | signature | password | (?<![a-z]) token ) [\\"']* \s* [:=>] [\\"'\s]* )
    (?: (?: bearer | basic | aws4-hmac-sha256 ) \s+ )?
    [^\s"'<>&\\]+
    """
)


def keep_secret(*secrets: str | None) -> None:
    """Redacts these texts from now on. Parts of a text that white space separates are secrets, too."""
    for part in " ".join(filter(None, secrets)).split():
        if len(part) >= _SHORTEST_SECRET and part not in _secrets:
            _secrets.append(part)


def redacted(text: str) -> str:
    for secret in tuple(_secrets):
        text = text.replace(secret, REDACTED)
    text = _USER_OF_URL.sub("", text)
    return _FIELD.sub(rf"\1{REDACTED}", text)


def server_of(url: str) -> str | None:
    """Where a URL leads, without user, password, path and query. None if it is not a URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not (parts.scheme and host):
        return None
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "") + "/"
