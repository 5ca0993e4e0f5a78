"""Mutual TLS for TCP: the server and every client present a certificate."""

import ssl

import grpc

from elbv2_trafficrouter.settings import Tls


def tls_credentials(tls: Tls) -> grpc.ServerCredentials:
    """Credentials that are read again at every handshake, so that renewed certificates need no restart.

    Raises OSError if a file is missing or invalid now. Later, the last valid files stay in use.
    """

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        try:
            return _read(tls)
        except OSError:
            return None

    # grpcio accepts None for "no change", which its stubs do not allow.
    return grpc.dynamic_ssl_server_credentials(_read(tls), renewed, require_client_authentication=True)  # type: ignore[arg-type]  # None


def _read(tls: Tls) -> grpc.ServerCertificateConfiguration:
    # grpcio accepts any bytes here. Handshakes would fail later, and the operator would not see why.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(tls.cert, tls.key, password=lambda: "")  # never prompts at a terminal
    except OSError as error:
        raise OSError(
            f"--tls-cert {tls.cert} and --tls-key {tls.key} are not a certificate and its key in PEM: {error}"
        ) from error
    try:
        context.load_verify_locations(tls.client_ca)
    except OSError as error:
        raise OSError(f"--tls-client-ca {tls.client_ca} is not a certificate in PEM: {error}") from error
    pair = (tls.key.read_bytes(), tls.cert.read_bytes())
    return grpc.ssl_server_certificate_configuration([pair], root_certificates=tls.client_ca.read_bytes())
