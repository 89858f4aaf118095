"""Tokens, TLS and certificates, against a service that asks for them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from service import Service

from budget_arbiter import ArbiterRefused, ArbiterUnavailable, Client

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl to make certificates with")
TOKEN = "token-of-the-guardian"


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_certificates(folder: Path) -> None:
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    openssl(folder, *new, "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
    for name, san in (("server", "DNS:localhost,IP:127.0.0.1"), ("client", "URI:spiffe://example.org/guardian")):
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-subj", f"/CN={name}", "-addext", f"subjectAltName={san}")
        openssl(folder, *new, *signed, "-keyout", f"{name}.key", "-out", f"{name}.pem")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("access")
    make_certificates(folder)

    def entry(name: str, token: str, role: str) -> str:
        return f"    - {{name: {name}, sha256: {hashlib.sha256(token.encode()).hexdigest()}, roles: [{role}]}}\n"

    guardian = "{role: ai, budgets: secret, ais: [guardian]}"
    (folder / "config.yaml").write_text(
        "budgets:\n  secret: {preset: CALLS}\n"
        "tls: {cert: server.pem, key: server.key}\n"
        "credentials:\n"
        "  mtls:\n    client_ca: ca.pem\n    principals:\n"
        f"      - {{san: 'spiffe://example.org/guardian', name: guardian, roles: [{guardian}]}}\n"
        "  tokens:\n" + entry("guardian-service", TOKEN, guardian)
    )
    return folder


@pytest.fixture(scope="module")
def guarded(folder: Path) -> Iterator[Service]:
    running = Service(CONFIG_FILE=str(folder / "config.yaml"))
    yield running
    running.stop()


def spend(client: Client) -> None:
    with client, client.slot("secret", ai="guardian", estimate=100, patience=5) as slot:
        assert slot.lease_id
        slot.report(total=1)


def test_token_over_tls(guarded: Service, folder: Path) -> None:
    spend(Client(guarded.address, tls_ca=str(folder / "ca.pem"), token=TOKEN))


def test_certificate(guarded: Service, folder: Path) -> None:
    own = {"tls_cert": str(folder / "client.pem"), "tls_key": str(folder / "client.key")}
    spend(Client(guarded.address, tls_ca=str(folder / "ca.pem"), **own))


@pytest.mark.parametrize("of", ["token_file", "token"])
def test_token_in_a_file_that_changes(guarded: Service, folder: Path, tmp_path: Path, of: str) -> None:
    file = tmp_path / "token"
    file.write_text("wrong\n")
    client = Client(guarded.address, tls_ca=str(folder / "ca.pem"), **{of: str(file)})
    with pytest.raises(ArbiterRefused) as refused, client.slot("secret", ai="guardian", patience=5):
        pass
    assert refused.value.code == "UNAUTHENTICATED"
    file.write_text(f"{TOKEN}\n")
    spend(client)


def test_refused(guarded: Service, folder: Path) -> None:
    with Client(guarded.address, tls_ca=str(folder / "ca.pem"), token=TOKEN) as client:
        with pytest.raises(ArbiterRefused) as refused, client.slot("secret", ai="another", patience=5):
            pass
        assert refused.value.code == "PERMISSION_DENIED"
    with (
        Client(guarded.address, tls=True, token=TOKEN) as client,
        pytest.raises(ArbiterUnavailable),
        client.slot("secret", ai="guardian", patience=0.5),
    ):
        pass


def test_a_missing_file_is_told_where_the_client_is_used(guarded: Service) -> None:
    client = Client(guarded.address, tls_ca="/no/such/file")
    with pytest.raises(FileNotFoundError), client.slot("secret", ai="guardian"):
        pass
