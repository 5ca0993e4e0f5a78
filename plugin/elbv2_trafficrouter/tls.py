"""TLS for TCP: both sides show a certificate."""

import ssl

import grpc

from elbv2_trafficrouter.settings import Tls


def tls_credentials(tls: Tls) -> grpc.ServerCredentials:
    """Read again at every handshake, so that renewed certificates need no restart.

    Raises OSError where the files are not there or not what they should be at the start; later the last good
    ones stay in use.
    """

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        try:
            return _read(tls)
        except OSError:
            return None

    # grpcio takes None for "no change"; its stubs do not know.
    return grpc.dynamic_ssl_server_credentials(_read(tls), renewed, require_client_authentication=True)  # type: ignore[arg-type]  # None


def _read(tls: Tls) -> grpc.ServerCertificateConfiguration:
    # grpcio takes anything and fails at the handshake, without a word to the operator.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(tls.cert, tls.key, password=lambda: "")  # asks nobody at a terminal
    except OSError as error:
        raise OSError(f"--tls-cert {tls.cert} and --tls-key {tls.key} are no PEM pair: {error}") from error
    try:
        context.load_verify_locations(tls.client_ca)
    except OSError as error:
        raise OSError(f"--tls-client-ca {tls.client_ca} is no PEM certificate: {error}") from error
    pair = (tls.key.read_bytes(), tls.cert.read_bytes())
    return grpc.ssl_server_certificate_configuration([pair], root_certificates=tls.client_ca.read_bytes())
