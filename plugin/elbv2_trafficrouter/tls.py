"""TLS for TCP: both sides show a certificate."""

import grpc

from elbv2_trafficrouter.settings import Tls


def tls_credentials(tls: Tls) -> grpc.ServerCredentials:
    """Read again at every handshake, so that renewed certificates need no restart. Raises OSError now."""

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        try:
            return _read(tls)
        except OSError:
            return None  # the last good ones stay in use

    # grpcio takes None for "no change"; its stubs do not know.
    return grpc.dynamic_ssl_server_credentials(_read(tls), renewed, require_client_authentication=True)  # type: ignore[arg-type]


def _read(tls: Tls) -> grpc.ServerCertificateConfiguration:
    pair = (tls.key.read_bytes(), tls.cert.read_bytes())
    return grpc.ssl_server_certificate_configuration([pair], root_certificates=tls.client_ca.read_bytes())
