"""Tokens: what is accepted, and every way to be refused."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.auth import KEY_REMEMBERED, Authenticator, credential_of
from app.jwks import KeySet, check_source
from app.tokens import Trust, caller_of, issue
from db.keys import PREFIX, ApiKey, key_hash
from domain.callers import Caller, Role
from domain.errors import ConfigurationError, Unauthenticated

SECRET = "a-secret-of-more-than-thirty-two-characters"
NOW = datetime.now(UTC)
_HOUR = timedelta(hours=1)
_SECOND = timedelta(seconds=1)
TRUST = Trust(SECRET, None, ("HS256", "RS256"), "https://issuer.example", "tidemark")
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _claims(**changes: object) -> dict[str, Any]:
    claims = {
        "sub": "ada",
        "role": "admin",
        "exp": NOW + timedelta(hours=1),
        "iss": "https://issuer.example",
        "aud": ["tidemark", "other"],
    }
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


def _jwk(kid: str, key: rsa.RSAPrivateKey = RSA) -> dict[str, Any]:
    found = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return {**found, "kid": kid, "alg": "RS256", "use": "sig"}


def _write_set(path: Path, *keys: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"keys": keys}))
    return path


async def _refusal(token: str, trust: Trust = TRUST) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as caught:
        await caller_of(token, trust, "c-1")
    return caught.value


async def test_an_issued_token_names_its_caller() -> None:
    token = issue(
        TRUST, secret=SECRET, role=Role.OPS_VIEWER, subject="ada", ttl=timedelta(hours=1), now=NOW
    )
    caller = await caller_of(token, TRUST, "c-1")
    expected = (NOW + timedelta(hours=1)).replace(microsecond=0)
    assert caller == Caller("ada", Role.OPS_VIEWER, expected, "c-1")


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"sub": None},
        {"role": None},
        {"role": "root"},
        {"iss": "https://else.example"},
        {"iss": None},
        {"aud": "else"},
        {"aud": None},
        {"nbf": NOW + timedelta(hours=1)},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_a_claim_that_is_missing_or_wrong_is_refused(changes: dict[str, Any]) -> None:
    token = jwt.encode(_claims(**changes), SECRET)
    assert (await _refusal(token)).code == "TOKEN_INVALID"


async def test_an_expired_token_has_a_code_of_its_own() -> None:
    token = jwt.encode(_claims(exp=NOW - timedelta(minutes=1)), SECRET)
    assert (await _refusal(token)).code == "TOKEN_EXPIRED"


async def test_another_secret_is_refused() -> None:
    token = jwt.encode(_claims(), "another-secret-of-thirty-two-characters!")
    assert (await _refusal(token)).code == "TOKEN_INVALID"


async def test_an_unsigned_token_is_refused() -> None:
    assert (await _refusal(jwt.encode(_claims(), None, algorithm="none"))).code == "TOKEN_INVALID"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "Bearer", "é.é.é", "a" * 9000])
async def test_nonsense_is_refused(token: str) -> None:
    assert (await _refusal(token)).code == "TOKEN_INVALID"


async def test_a_public_key_is_never_taken_for_a_secret(tmp_path: Path) -> None:
    pem = RSA.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    keys = KeySet(str(_write_set(tmp_path / "jwks.json", _jwk("one"))))
    trust = Trust(None, keys, ("HS256", "RS256"), None, None)
    signed = _signed_by_hand({"alg": "HS256", "kid": "one"}, _claims(exp=2**31), pem)
    assert (await _refusal(signed, trust)).code == "TOKEN_INVALID"


async def test_a_key_set_signs_by_kid_and_follows_rotation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _write_set(tmp_path / "jwks.json", _jwk("one"))
    trust = Trust(None, KeySet(str(path)), ("RS256",), None, None)
    first = jwt.encode(_claims(), RSA, algorithm="RS256", headers={"kid": "one"})
    assert (await caller_of(first, trust, "c")).subject == "ada"

    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    second = jwt.encode(_claims(), other, algorithm="RS256", headers={"kid": "two"})
    _write_set(path, _jwk("two", other))
    assert (await _refusal(second, trust)).code == "TOKEN_INVALID"
    monkeypatch.setattr("app.jwks.ASK_AGAIN_AFTER", 0.0)
    assert (await caller_of(second, trust, "c")).subject == "ada"
    assert (await _refusal(first, trust)).code == "TOKEN_INVALID"


async def test_a_key_set_that_went_away_goes_on_with_what_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _write_set(tmp_path / "jwks.json", _jwk("one"))
    trust = Trust(None, KeySet(str(path)), ("RS256",), None, None)
    token = jwt.encode(_claims(), RSA, algorithm="RS256", headers={"kid": "one"})
    await caller_of(token, trust, "c")
    path.unlink()
    monkeypatch.setattr("app.jwks.FRESH_FOR", 0.0)
    assert (await caller_of(token, trust, "c")).subject == "ada"


@pytest.mark.parametrize("source", ["http://keys.example/jwks.json", "/no/such/file.json"])
def test_a_key_set_that_cannot_be_trusted_is_refused_at_start(source: str) -> None:
    with pytest.raises(ConfigurationError, match="JWT_JWKS="):
        check_source(source)


def test_credentials_come_from_either_header() -> None:
    assert credential_of({"authorization": "bearer abc"}) == "abc"
    assert credential_of({"x-api-key": "tk_abc"}) == "tk_abc"


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Basic abc"}, {"authorization": "Bearer "}]
)
def test_no_credential_is_unauthenticated(headers: dict[str, str]) -> None:
    with pytest.raises(Unauthenticated) as caught:
        credential_of(headers)
    assert caught.value.code == "UNAUTHENTICATED"


def _signed_by_hand(header: dict[str, Any], claims: dict[str, Any], key: bytes) -> str:
    """PyJWT refuses to sign with a public key; an attacker does not."""
    body = ".".join(_part(json.dumps(part).encode()) for part in (header, claims))
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    return f"{body}.{_part(algorithm.sign(body.encode(), key))}"


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def test_a_token_is_checked_once_and_names_each_request_by_itself(tmp_path: Path) -> None:
    keys = _write_set(tmp_path / "keys.json", _jwk("old"))
    trust = Trust(None, KeySet(str(keys)), ("RS256",), None, None)
    clock = [0.0]
    authenticator = Authenticator(None, trust, tick=lambda: clock[0])  # type: ignore[arg-type]
    token = jwt.encode(_claims(), RSA, algorithm="RS256", headers={"kid": "old"})
    first = await authenticator.caller(token, "c-1")
    object.__setattr__(trust, "keys", None)
    assert await authenticator.caller(token, "c-2") == replace(first, correlation="c-2")
    clock[0] = KEY_REMEMBERED
    with pytest.raises(Unauthenticated):
        await authenticator.caller(token, "c-3")


async def test_a_credential_holds_for_as_long_as_it_is_remembered_and_for_its_caller_alone() -> (
    None
):
    ticks = [0.0]
    authenticator = Authenticator(None, TRUST, tick=lambda: ticks[0])  # type: ignore[arg-type]
    token = issue(TRUST, secret=SECRET, role=Role.ADMIN, subject="ada", ttl=_HOUR, now=NOW)
    caller = await authenticator.caller(token, "c-1")
    hashed = key_hash(token)
    assert authenticator.still(hashed, replace(caller, correlation="another"))
    assert not authenticator.still(hashed, replace(caller, role=Role.OPS_VIEWER))
    assert not authenticator.still(hashed, replace(caller, subject="bob"))
    assert not authenticator.still(key_hash("another"), caller)
    ticks[0] = KEY_REMEMBERED
    assert not authenticator.still(hashed, caller)


async def test_a_credential_does_not_hold_past_its_end() -> None:
    authenticator = Authenticator(None, TRUST)  # type: ignore[arg-type]
    ended = Caller("ada", Role.ADMIN, NOW - _SECOND, "c-1")
    authenticator._tokens.put(key_hash("a.b.c"), ended)
    assert not authenticator.still(key_hash("a.b.c"), ended)
    secret = PREFIX + "x" * 40
    key = ApiKey(uuid4(), "batch", Role.ADMIN, secret[:8], NOW, NOW + _HOUR, None)
    spoken = Caller("key:batch", Role.ADMIN, key.expires_at, "c-1")
    for found, holds in (
        (key, True),
        (replace(key, expires_at=NOW - _SECOND), False),
        (replace(key, revoked_at=NOW), False),
        (replace(key, role=Role.INGEST), False),
        (replace(key, name="other"), False),
    ):
        authenticator._keys.put(key_hash(secret), found)
        assert authenticator.still(key_hash(secret), spoken) is holds
