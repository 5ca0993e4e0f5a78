"""HTTPS listeners use TLS, with certificates that clients can verify."""

import socket
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme
import urllib3

from elbv2_emulator import Emulator


def answer(http: urllib3.PoolManager, url: str) -> int:
    return http.request("GET", url).status


@pytest.fixture
def handshake(emulator: Emulator, petclinic: Any, listener_url: Any) -> Callable[..., ssl.SSLSocket]:
    """A TLS connection to the listener, whose certificate must be for this name."""

    def connect(name: str, *, check_hostname: bool = True) -> ssl.SSLSocket:
        parts = urlsplit(listener_url(petclinic.listener))
        plain = socket.create_connection((parts.hostname, parts.port), timeout=5)
        context = ssl.create_default_context(cadata=emulator.ca)
        context.set_alpn_protocols(["h2", "http/1.1"])
        context.check_hostname = check_hostname
        try:
            return context.wrap_socket(plain, server_hostname=name)
        except ssl.SSLError:
            plain.close()
            raise

    return connect


def test_an_https_listener_is_verified_with_the_emulators_authority(
    *, emulator: Emulator, petclinic: Any, listener_url: Any, http: urllib3.PoolManager
) -> None:
    url = listener_url(petclinic.listener)
    assert url.startswith("https://127.0.0.1:")
    assert answer(http, url) == 404
    served = http.request("GET", f"{emulator.url}/_emulator/ca")
    assert served.data.decode() == emulator.ca
    assert served.headers["Content-Type"] == "application/x-pem-file"


def test_clients_that_trust_another_authority_refuse_the_listener(petclinic: Any, listener_url: Any) -> None:
    with (
        urllib3.PoolManager(retries=False, ca_cert_data=Emulator().ca) as stranger,
        pytest.raises(urllib3.exceptions.SSLError, match="verify failed"),
    ):
        answer(stranger, listener_url(petclinic.listener))


@pytest.mark.parametrize(
    "name", ["localhost", "petclinic.example.com", "k8s-petclinicgroup-1.eu-west-1.elb.amazonaws.com"]
)
def test_a_listener_is_verified_under_the_name_that_the_client_requests(
    handshake: Callable[..., ssl.SSLSocket], name: str
) -> None:
    for _ in range(2):
        with handshake(name) as client:
            assert client.selected_alpn_protocol() == "http/1.1"
            client.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
            assert client.recv(1024).startswith(b"HTTP/1.1 404 ")


def test_a_name_that_no_certificate_can_have_is_refused(handshake: Callable[..., ssl.SSLSocket]) -> None:
    with pytest.raises(ssl.SSLError):
        handshake("not_a_host.example.com", check_hostname=False)


def test_a_listener_keeps_its_port_when_its_protocol_changes(
    *, elbv2: Any, ground: Any, petclinic: Any, listener_url: Any, http: urllib3.PoolManager
) -> None:
    secured = listener_url(petclinic.listener)
    elbv2.modify_listener(ListenerArn=petclinic.listener, Protocol="HTTP", Certificates=[])
    plain = listener_url(petclinic.listener)
    assert plain == secured.replace("https", "http")
    assert answer(http, plain) == 404
    certificates = [{"CertificateArn": ground.certificate}]
    elbv2.modify_listener(ListenerArn=petclinic.listener, Protocol="HTTPS", Certificates=certificates)
    assert listener_url(petclinic.listener) == secured
    assert answer(http, secured) == 404


def test_targets_are_reached_with_the_protocol_of_their_group(
    *,
    elbv2: Any,
    ground: Any,
    petclinic: Any,
    backends: Any,
    control: Any,
    wait_healthy: Any,
    listener_url: Any,
    http: Any,
) -> None:
    """A load balancer does not verify the certificates of its targets."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("unrelated.example.com").configure_cert(context)
    (group,) = elbv2.create_target_group(
        Name="secured",
        Protocol="HTTPS",
        HealthCheckProtocol="HTTPS",
        Port=8443,
        VpcId=ground.vpc,
        TargetType="ip",
    )["TargetGroups"]
    arn = group["TargetGroupArn"]
    elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.64.0.3"}])
    control(
        "PUT", "addresses", {"10.64.0.3:8443": backends.start(text="secured", ssl_context=context).address}
    )
    elbv2.modify_listener(
        ListenerArn=petclinic.listener, DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}]
    )
    wait_healthy(arn)
    assert http.request("GET", listener_url(petclinic.listener)).data == b"secured"
