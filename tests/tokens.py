"""Tokens as the API's own issuer would make them."""

from datetime import UTC, datetime, timedelta

from app.settings import Settings
from app.tokens import issue, trust_of
from domain.callers import Role


def token_of(
    settings: Settings, role: Role, *, subject: str = "test", ttl: timedelta = timedelta(hours=1)
) -> str:
    """A token that an API with these settings takes."""
    assert settings.jwt_secret is not None
    return issue(
        trust_of(settings),
        secret=settings.jwt_secret.get_secret_value(),
        role=role,
        subject=subject,
        ttl=ttl,
        now=datetime.now(UTC),
    )
