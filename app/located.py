"""Settings completed by what a `tidemark up` of the same folder has made."""

from pydantic import SecretStr

from app.home import Home
from app.settings import Settings
from domain.errors import ConfigurationError


def located(settings: Settings) -> Settings:
    """Take unset addresses of the servers, and the development secret, from the folder's `up`."""
    if not settings.tidemark_home.is_dir():
        return settings
    home = Home.at(settings.tidemark_home)
    running = home.running()
    secret = home.secrets().get("jwt_secret")
    return settings.model_copy(
        update={
            "database_url": settings.database_url or running.get("database_url"),
            "redis_url": settings.redis_url or running.get("redis_url"),
            "jwt_secret": settings.jwt_secret or development_secret(settings, secret),
        }
    )


def development_secret(settings: Settings, secret: str | None) -> SecretStr | None:
    """The made-up secret, where one may be used: in development, and without a key set."""
    if secret is None or settings.environment == "production" or settings.jwt_jwks is not None:
        return None
    return SecretStr(secret)


def required(value: str | None, name: str) -> str:
    """The value of a setting that this command cannot do without."""
    if value is None:
        raise ConfigurationError(
            f"{name} is not set, and no `tidemark up` runs in this folder to take it from.",
            field=name,
        )
    return value
