"""Where webhooks go: to the address that was looked at, under the name that was given."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from tests.loopback_server import running
from tests.receiver import Receiver, Reply

from axo_api.settings import WebhookSettings
from axo_api.webhooks.addresses import is_public
from axo_api.webhooks.sending import Sender

PUBLIC = ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
NOT_PUBLIC = [
    "0.0.0.0",
    "10.1.2.3",
    "100.100.100.200",
    "127.0.0.1",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the name `localhost`, and for no address, with its key."""
    folder = tmp_path_factory.mktemp("certificate")
    key, file = folder / "key.pem", folder / "certificate.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*request, *names, "-keyout", str(key), "-out", str(file)], check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + key.read_bytes())
    return file


@pytest.fixture
def receiver(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Somebody who is told over TLS, and whose certificate is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with running(Receiver(certificate)) as receiver:
        yield receiver


@pytest.fixture
async def sender(receiver: Receiver) -> AsyncIterator[Sender]:
    """Sends to this machine, too."""
    sender = Sender(WebhookSettings(allowed_networks=[ip_network("127.0.0.0/8")], timeout_seconds=5))
    yield sender
    await sender.close()


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_on_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_on_a_network_of_somebodys_own_is_not(address: str) -> None:
    assert not is_public(ip_address(address))


async def test_the_name_is_what_host_and_certificate_are_about(sender: Sender, receiver: Receiver) -> None:
    by_name = await sender.send(f"https://localhost:{receiver.port}/hook?a=b", "{}", {})
    by_address = await sender.send(f"https://127.0.0.1:{receiver.port}/hook", "{}", {})

    (received,) = receiver.received
    assert (by_name.status_code, by_name.text) == (200, "thanks")
    assert (received.headers["host"], received.path) == (f"localhost:{receiver.port}", "/hook?a=b")
    assert by_address.status_code is None
    assert "certificate verify failed" in str(by_address.error)


async def test_a_proxy_of_the_environment_is_not_asked(
    receiver: Receiver, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    own = Sender(WebhookSettings(allowed_networks=[ip_network("127.0.0.0/8")]))

    answer = await own.send(f"https://localhost:{receiver.port}/", "{}", {})
    await own.close()

    assert answer.is_success


async def test_http_goes_only_where_the_operator_allows_it(sender: Sender) -> None:
    answer = await sender.send("http://9.9.9.9/", "{}", {})

    assert answer.error == "9.9.9.9 is on the public internet, where webhooks go by https:// only."


async def test_a_name_without_an_address_is_an_answer_too(sender: Sender) -> None:
    answer = await sender.send("https://no-such-name.invalid/", "{}", {})

    assert str(answer.error).startswith("no-such-name.invalid cannot be resolved")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("soon", 0),
        ("-5", 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", 0),
        ("9" * 400, 999_999_999),
    ],
)
async def test_retry_after_is_a_number_or_a_date(
    sender: Sender, receiver: Receiver, header: str, seconds: float
) -> None:
    receiver.answer = lambda _: Reply(503, {"Retry-After": header})

    answer = await sender.send(f"https://localhost:{receiver.port}/", "{}", {})

    assert answer.retry_after_seconds == seconds
