"""JSON Web Tokens: check those that come, make those that the command line hands out."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt
from jwt.exceptions import ExpiredSignatureError, PyJWTError

from app.jwks import KeySet
from app.settings import Settings
from domain.callers import Caller, Role
from domain.errors import Unauthenticated

_LEEWAY = timedelta(seconds=5)
_LONGEST = 8192


@dataclass(frozen=True, slots=True)
class Trust:
    """What makes a token valid. Each signature goes with one kind of key only: HS… with the secret,
    all others with the key set, so that a public key is never taken for a secret."""

    secret: str | None
    keys: KeySet | None
    algorithms: tuple[str, ...]
    issuer: str | None
    audience: str | None


def trust_of(settings: Settings) -> Trust:
    """What the settings say."""
    return Trust(
        secret=settings.jwt_secret.get_secret_value() if settings.jwt_secret else None,
        keys=KeySet(settings.jwt_jwks) if settings.jwt_jwks else None,
        algorithms=settings.jwt_algorithms,
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
    )


async def caller_of(token: str, trust: Trust, correlation: str) -> Caller:
    """Who the token speaks for, or `Unauthenticated` with TOKEN_EXPIRED or TOKEN_INVALID."""
    if len(token) > _LONGEST:
        raise _invalid("it is too long")
    try:
        claims = jwt.decode(
            token,
            await _key_for(token, trust),
            algorithms=list(trust.algorithms),
            issuer=trust.issuer,
            audience=trust.audience,
            leeway=_LEEWAY,
            options={"require": _required(trust), "verify_aud": trust.audience is not None},
        )
    except ExpiredSignatureError as error:
        raise Unauthenticated("The token has expired.", code="TOKEN_EXPIRED") from error
    except PyJWTError as error:
        raise _invalid(str(error)) from error
    return _caller(claims, correlation)


def issue(
    trust: Trust, *, secret: str, role: Role, subject: str, ttl: timedelta, now: datetime
) -> str:
    """A token signed with the secret, which `caller_of` with the same trust accepts for `ttl`."""
    claims = {"sub": subject, "role": role.value, "iat": now, "exp": now + ttl}
    if trust.issuer is not None:
        claims["iss"] = trust.issuer
    if trust.audience is not None:
        claims["aud"] = trust.audience
    algorithm = next((name for name in trust.algorithms if name.startswith("HS")), "HS256")
    return jwt.encode(claims, secret, algorithm=algorithm)


async def _key_for(token: str, trust: Trust) -> "str | jwt.PyJWK":
    header = jwt.get_unverified_header(token)
    algorithm = header.get("alg")
    if algorithm not in trust.algorithms:
        raise _invalid(f"its signature is not one of {', '.join(trust.algorithms)}")
    if algorithm.startswith("HS"):
        if trust.secret is None:
            raise _invalid("no JWT_SECRET is set here")
        return trust.secret
    key = None if trust.keys is None else await trust.keys.key(header.get("kid"))
    if key is None or key.algorithm_name != algorithm:
        raise _invalid("no key of that id and signature is known here")
    return key


def _required(trust: Trust) -> list[str]:
    given = {"iss": trust.issuer, "aud": trust.audience}
    return ["exp", "sub", *(name for name, value in given.items() if value is not None)]


def _caller(claims: dict[str, object], correlation: str) -> Caller:
    try:
        role = Role(str(claims.get("role")))
    except ValueError:
        raise _invalid(f"its role is not one of {', '.join(Role)}") from None
    expires_at = datetime.fromtimestamp(float(str(claims["exp"])), UTC)
    return Caller(str(claims["sub"]), role, expires_at, correlation)


def _invalid(why: str) -> Unauthenticated:
    return Unauthenticated(f"The token is not valid: {why}.", code="TOKEN_INVALID")
