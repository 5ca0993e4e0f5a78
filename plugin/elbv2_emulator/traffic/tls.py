"""TLS: the certificates of HTTPS listeners, signed by a CA that each emulator creates for itself."""

import ssl
from functools import lru_cache

import trustme

_LOOPBACK_NAMES = ("127.0.0.1", "::1", "localhost")
_NAMES = 1024


class Authority:
    """Issues the certificates, as ACM does on AWS. Clients that trust `pem` can verify all of them.

    There is a certificate for the loopback names of this machine, and one for every host that a client
    requests by SNI, so that clients can also verify a listener under the name that it would have on AWS.
    """

    def __init__(self) -> None:
        self._ca = trustme.CA(organization_name="elbv2-emulator")
        self._context_for = lru_cache(maxsize=_NAMES)(self._make_context)

    @property
    def pem(self) -> str:
        return self._ca.cert_pem.bytes().decode()

    def context(self) -> ssl.SSLContext:
        """The context for a listener's port."""
        context = self._make_context(*_LOOPBACK_NAMES)
        context.sni_callback = self._use_certificate_for
        return context

    def _use_certificate_for(
        self, connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext
    ) -> int | None:
        if name is not None and name not in _LOOPBACK_NAMES:
            try:
                connection.context = self._context_for(name)
            except ValueError:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        return None

    def _make_context(self, *names: str) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.set_alpn_protocols(["http/1.1"])
        self._ca.issue_cert(*names).configure_cert(context)
        return context
