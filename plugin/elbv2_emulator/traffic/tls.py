"""The certificates of HTTPS listeners, from an authority that lives and dies with its emulator."""

import ssl
from functools import lru_cache

import trustme

_HERE = ("127.0.0.1", "::1", "localhost")
_NAMES = 1024


class Authority:
    """What ACM is to a real load balancer. Clients that trust `pem` verify every listener.

    A certificate is for this machine's loopback names, and for whatever host a client asks for by SNI: a
    listener is then also verified under the name that it would have on AWS.
    """

    def __init__(self) -> None:
        self._ca = trustme.CA(organization_name="elbv2-emulator")
        self._context_for = lru_cache(maxsize=_NAMES)(self._made_for)

    @property
    def pem(self) -> str:
        return self._ca.cert_pem.bytes().decode()

    def context(self) -> ssl.SSLContext:
        """For a listener's port."""
        context = self._made_for(*_HERE)
        context.sni_callback = self._named
        return context

    def _named(self, connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int | None:
        if name is not None and name not in _HERE:
            try:
                connection.context = self._context_for(name)
            except ValueError:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        return None

    def _made_for(self, *names: str) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.set_alpn_protocols(["http/1.1"])
        self._ca.issue_cert(*names).configure_cert(context)
        return context
