"""TLS for TCP: both sides present a certificate, or nothing is served."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
import trustme

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.router.petclinic import Petclinic
from support.router.sidecar import CREDENTIALS, Sidecar, command, environment, sidecar

NAME = "router.example"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secured(clinic: Petclinic, volumes: Path, tmp_path: Path, authority: trustme.CA) -> Iterator[Sidecar]:
    certify(authority, tmp_path)
    with sidecar(volumes, environment(clinic.url, **CREDENTIALS), *flags(tmp_path)) as running:
        yield running


def flags(directory: Path) -> tuple[str, ...]:
    return (
        *("--tls-cert", str(directory / "cert.pem"), "--tls-key", str(directory / "key.pem")),
        *("--tls-client-ca", str(directory / "ca.pem")),
    )


def certify(authority: trustme.CA, directory: Path) -> None:
    """Writes the server's files, as in a mounted Secret."""
    server = authority.issue_cert(NAME)
    server.cert_chain_pems[0].write_to_path(str(directory / "cert.pem"))
    server.private_key_pem.write_to_path(str(directory / "key.pem"))
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))


def stub_of(address: str, credentials: grpc.ChannelCredentials) -> pb_grpc.TrafficRouterStub:
    options = [("grpc.ssl_target_name_override", NAME)]
    return pb_grpc.TrafficRouterStub(grpc.secure_channel(address, credentials, options))


def credentials(server: trustme.CA, client: trustme.CA | None) -> grpc.ChannelCredentials:
    if client is None:
        return grpc.ssl_channel_credentials(server.cert_pem.bytes())
    own = client.issue_cert("bridge.example")
    return grpc.ssl_channel_credentials(
        server.cert_pem.bytes(), own.private_key_pem.bytes(), own.cert_chain_pems[0].bytes()
    )


def test_a_client_with_a_certificate_is_served(
    secured: Sidecar, authority: trustme.CA, clinic: Petclinic
) -> None:
    stub_of(secured.tcp, credentials(authority, authority)).SetWeight(clinic.set_weight(10))
    assert clinic.weights() == {"stable": 90, "canary": 10}


@pytest.mark.parametrize("stranger", [None, trustme.CA()], ids=["no certificate", "another authority's"])
def test_a_client_without_a_valid_certificate_is_rejected(
    secured: Sidecar, authority: trustme.CA, clinic: Petclinic, stranger: trustme.CA | None
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        stub_of(secured.tcp, credentials(authority, stranger)).SetWeight(clinic.set_weight(10))
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    with pytest.raises(grpc.RpcError):
        pb_grpc.TrafficRouterStub(grpc.insecure_channel(secured.tcp)).Type(pb.TypeRequest())
    assert clinic.journal() == []


def test_renewed_certificates_need_no_restart(
    secured: Sidecar, authority: trustme.CA, tmp_path: Path
) -> None:
    assert stub_of(secured.tcp, credentials(authority, authority)).Type(pb.TypeRequest()).type == "elbv2"
    renewed = trustme.CA()
    certify(renewed, tmp_path)
    assert stub_of(secured.tcp, credentials(renewed, renewed)).Type(pb.TypeRequest()).type == "elbv2"
    authority.issue_cert(NAME).private_key_pem.write_to_path(str(tmp_path / "key.pem"))  # half of a renewal
    assert stub_of(secured.tcp, credentials(renewed, renewed)).Type(pb.TypeRequest()).type == "elbv2"


def test_files_without_a_certificate_are_reported_at_the_start(volumes: Path, tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem", "ca.pem"):
        (tmp_path / name).write_text("nothing")
    started = subprocess.run(
        command(volumes, "--listen", "127.0.0.1:0", *flags(tmp_path)),
        env=environment("http://127.0.0.1:9"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 1
    assert started.stderr.startswith(f"elbv2-trafficrouter: --tls-cert {tmp_path}/cert.pem and --tls-key")


def test_the_unix_socket_still_needs_no_tls(secured: Sidecar) -> None:
    with secured.stub() as stub:
        assert stub.Type(pb.TypeRequest()).type == "elbv2"
