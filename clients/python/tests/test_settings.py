from typing import Any

import pytest

from budget_arbiter import Client, Settings
from budget_arbiter.settings import settings_from_env

ENV = {
    "BUDGET_ARBITER_ADDRESS": "one:1, two:2",
    "BUDGET_ARBITER_TOKEN": "secret",
    "BUDGET_ARBITER_TLS_CA": "ca.pem",
    "BUDGET_ARBITER_TLS_CERT": "cert.pem",
    "BUDGET_ARBITER_TLS_KEY": "key.pem",
    "BUDGET_ARBITER_BUDGET": "b",
    "BUDGET_ARBITER_AI": "a",
    "BUDGET_ARBITER_FAIL_OPEN": "true",
    "BUDGET_ARBITER_PATIENCE": "2.5",
}


def test_from_the_environment() -> None:
    settings = settings_from_env(ENV)
    assert settings == Settings(
        address="one:1, two:2",
        token="secret",
        tls_ca="ca.pem",
        tls_cert="cert.pem",
        tls_key="key.pem",
        budget="b",
        ai="a",
        fail_open=True,
        patience=2.5,
    )
    assert settings.addresses == ["one:1", "two:2"]
    assert settings.secure
    assert "secret" not in repr(settings)


def test_keywords_come_first() -> None:
    assert settings_from_env(ENV, budget="other", token_file="file").budget == "other"
    assert settings_from_env(ENV, token_file="file").token is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"address": ""}, "address must name"),
        ({"transport": "pigeon"}, "transport must be session or unary"),
        ({"wait": -1}, "wait must be 0 or more"),
        ({"tls_cert": "cert.pem"}, "belong together"),
        ({"token": "t", "token_file": "f"}, "either token or token_file"),
    ],
)
def test_what_cannot_be(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Client(**given)


def test_unknown_settings_are_told() -> None:
    with pytest.raises(TypeError, match="budgett"):
        Client(budgett="b")
    with pytest.raises(TypeError, match="budgett"):
        Client.from_env(budgett="b")
    with pytest.raises(ValueError, match="FAIL_OPEN must be true or false"):
        settings_from_env({"BUDGET_ARBITER_FAIL_OPEN": "perhaps"})
