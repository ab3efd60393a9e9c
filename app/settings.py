"""Every setting, read once from the environment and from a `.env` file."""

import re
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.errors import ConfigurationError

Algorithm = Literal["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384"]
Level = Literal["hourly", "daily", "weekly", "monthly"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
SHORTEST_SECRET = 32
SHORTEST_WEBHOOK_SECRET = 16
_PLAINER = {
    "time_delta_parsing": "must be an ISO 8601 duration such as PT24H",
    "int_parsing": "must be a whole number",
    "bool_parsing": "must be true or false",
}
_SECRET = frozenset(
    {
        "jwt_secret",
        "smtp_password",
        "slack_analytics_webhook",
        "twilio_auth_token",
        "webhook_secret",
    }
)
_URL_PASSWORD = re.compile(r"(?<=:)[^:@/]+(?=@)")


class Settings(BaseSettings):
    """Names are those of the environment in lower case; descriptions are the ones in the manual."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8009, ge=1, le=65535, description="Port to listen on.")
    environment: Literal["development", "production"] = Field(
        "development",
        description="`development` serves GraphiQL to browsers; `production` insists on a JWT_SECRET"
        " or JWT_JWKS.",
    )
    database_url: str | None = Field(
        None, description="PostgreSQL 15 to 18; without it `tidemark up` runs its own."
    )
    database_pool_size: int = Field(
        10, ge=2, le=500, description="Most connections to PostgreSQL per process."
    )
    database_pgbouncer: bool = Field(
        False, description="Whether DATABASE_URL is a pgbouncer in transaction mode."
    )
    redis_url: str | None = Field(
        None, description="Redis 6.2 or Valkey; without it `tidemark up` runs its own."
    )
    tidemark_home: Path = Field(
        Path(".tidemark"), description="Where `tidemark up` keeps data, passwords and logs."
    )
    catalogue_file: Path | None = Field(
        None, description="TOML file that declares event types of your own."
    )
    jwt_secret: SecretStr | None = Field(
        None, description="Secret of HS256 tokens, at least 32 characters."
    )
    jwt_jwks: str | None = Field(
        None, description="File or https URL of the JSON Web Key Set that signs RS256 tokens."
    )
    jwt_issuer: str | None = Field(None, description="What `iss` must be; not checked where unset.")
    jwt_audience: str | None = Field(
        None, description="What `aud` must hold; not checked where unset."
    )
    jwt_algorithms: Annotated[tuple[Algorithm, ...], NoDecode] = Field(
        ("HS256", "RS256"), description="Accepted signatures, by comma."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins of web pages that may call the API, by comma; `*` for any."
    )
    raw_retention_days: int = Field(
        7,
        ge=0,
        le=32767,
        description="Days to keep raw events, counted from receipt; 0 keeps them.",
    )
    analytics_retention_days: int = Field(1095, ge=1, le=36500, description="Days to keep rollups.")
    alert_retention_days: int = Field(
        365,
        ge=0,
        le=36500,
        description="Days to keep alerts and what was told of them, counted from their end; 0 keeps them.",
    )
    analytics_aggregation_levels: Annotated[tuple[Level, ...], NoDecode] = Field(
        ("hourly", "daily", "weekly", "monthly"),
        description="Levels that are summed up ahead, by comma; answers are the same without.",
    )
    week_start: Weekday = Field("monday", description="First day of the weeks in answers.")
    funnel_window: timedelta = Field(
        timedelta(days=1),
        gt=timedelta(0),
        le=timedelta(days=90),
        description="How long a funnel may take from its first step to its last, as P1D.",
    )
    ingest_max_future: timedelta = Field(
        timedelta(hours=24),
        ge=timedelta(0),
        description="How far after its receipt an event may say it occurred, as PT24H.",
    )
    ingest_max_body_bytes: int = Field(
        16 * 1024 * 1024, ge=1024, description="Largest request body, compressed or not."
    )
    ingest_max_batch: int = Field(10_000, ge=1, description="Most events of one request.")
    dashboard_url: str | None = Field(
        None, description="Where people open the dashboard; messages link to alerts there."
    )
    smtp_host: str | None = Field(
        None, description="Mail server; without it nothing is told by e-mail."
    )
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="`starttls`, `tls` from the first byte (port 465), or `none`."
    )
    smtp_username: str | None = Field(None, description="User at the mail server, if it asks.")
    smtp_password: SecretStr | None = Field(None, description="Password at the mail server.")
    smtp_from: str = Field(
        "Tidemark <tidemark@localhost>", description="Sender of e-mails, maybe with a name."
    )
    slack_analytics_webhook: SecretStr | None = Field(
        None, description="Incoming webhook of the Slack channel that routes call `default`."
    )
    twilio_account_sid: str | None = Field(None, description="Twilio account that sends SMS.")
    twilio_auth_token: SecretStr | None = Field(None, description="Its token.")
    twilio_from: str | None = Field(
        None, description="Number, or messaging service (MG…), that SMS come from."
    )
    twilio_base_url: str = Field("https://api.twilio.com", description="Where Twilio answers.")
    webhook_secret: SecretStr | None = Field(
        None, description="Signs webhooks, at least 16 characters; without it none are sent."
    )
    webhook_allowed_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (), description="Private networks that webhooks may reach, by comma, as 10.1.0.0/16."
    )
    notify_give_up_after: timedelta = Field(
        timedelta(hours=25),
        ge=timedelta(minutes=1),
        description="How long an undelivered message is tried again, as PT25H.",
    )
    cache_enabled: bool = Field(
        True, description="Whether answers are kept and given again while they are right."
    )
    cache_realtime_ttl_seconds: int = Field(
        60, ge=0, description="Age that a caller may allow answers from live sources at most."
    )
    cache_metrics_ttl_seconds: int = Field(
        300,
        ge=0,
        description="Age that a caller may allow series, breakdowns and sections at most.",
    )
    cache_dashboard_ttl_seconds: int = Field(
        600, ge=0, description="Age that a caller may allow summaries at most."
    )
    cache_ttl_seconds: int = Field(
        3600,
        ge=1,
        description="Age of an answer that is still given, marked, while PostgreSQL is down.",
    )
    rate_limit_capacity: int = Field(
        60_000,
        ge=100,
        description="Points that a caller may save up; a point is about 0.1 ms of work.",
    )
    rate_limit_per_second: float = Field(
        1_000.0, gt=0, description="Points that a caller gets back each second."
    )
    subscriptions_per_caller: int = Field(
        200,
        ge=1,
        description="Most streams, and most connections for them, of a caller per process.",
    )
    subscription_connections: int = Field(
        5_000, ge=1, description="Most connections for subscriptions per process."
    )
    subscription_keepalive_seconds: float = Field(
        15.0, gt=0, le=300, description="Seconds between two signs of life on a quiet stream."
    )
    trusted_documents: Path | None = Field(
        None,
        description="JSON file of GraphQL documents by their SHA-256; with it no others are answered.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log line to write."
    )
    log_format: Literal["json", "console"] = Field("json", description="`json` or `console`.")
    prometheus_targets: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="URLs of Prometheus endpoints that say how the services are now, by comma."
    )
    prometheus_url: str | None = Field(
        None, description="A Prometheus server to ask instead of, or beside, the endpoints."
    )
    prometheus_histogram: str = Field(
        "http_request_duration_seconds",
        pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$",
        description="The histogram that holds how many seconds requests took.",
    )
    otel_exporter_otlp_endpoint: str | None = Field(
        None, description="Where to send OpenTelemetry spans; none are made where unset."
    )

    @field_validator(
        "jwt_algorithms",
        "cors_origins",
        "analytics_aggregation_levels",
        "webhook_allowed_networks",
        "prometheus_targets",
        mode="before",
    )
    @classmethod
    def _by_comma(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @field_validator(
        "log_level", "environment", "week_start", "log_format", "smtp_security", mode="before"
    )
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, value: str | None) -> str | None:
        return _with_scheme(value, "postgresql", "postgres")

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str | None) -> str | None:
        return _with_scheme(value, "redis", "rediss", "unix")

    @field_validator("jwt_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError(f"must have at least {SHORTEST_SECRET} characters")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < SHORTEST_WEBHOOK_SECRET:
            raise ValueError(f"must have at least {SHORTEST_WEBHOOK_SECRET} characters")
        return value

    @field_validator("prometheus_targets")
    @classmethod
    def _all_web(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            _with_scheme(each, "https", "http")
        return value

    @field_validator("dashboard_url", "twilio_base_url", "prometheus_url")
    @classmethod
    def _web(cls, value: str | None) -> str | None:
        found = _with_scheme(value, "https", "http")
        return None if found is None else found.rstrip("/")

    @field_validator("slack_analytics_webhook")
    @classmethod
    def _secret_web(cls, value: SecretStr | None) -> SecretStr | None:
        _with_scheme(value.get_secret_value() if value else None, "https", "http")
        return value

    @field_validator("catalogue_file", "trusted_documents")
    @classmethod
    def _existing(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("is no file that can be read")
        return value

    @model_validator(mode="after")
    def _complete(self) -> "Settings":
        twilio = (self.twilio_account_sid, self.twilio_auth_token, self.twilio_from)
        if any(twilio) and not all(twilio):
            raise ValueError(
                "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM are set together"
            )
        if (self.smtp_username is None) is not (self.smtp_password is None):
            raise ValueError("SMTP_USERNAME and SMTP_PASSWORD are set together")
        return self

    @model_validator(mode="after")
    def _signed_in_production(self) -> "Settings":
        if self.environment == "production" and self.jwt_secret is None and self.jwt_jwks is None:
            raise ValueError("JWT_SECRET or JWT_JWKS must be set where ENVIRONMENT=production")
        return self


def read_settings(env_file: Path | None = Path(".env")) -> Settings:
    """The settings, or an error with a line per wrong one: its name, its value, what is valid."""
    source: dict[str, Any] = {"_env_file": env_file}
    try:
        return Settings(**source)
    except ValidationError as error:
        lines = [_line(dict(detail)) for detail in error.errors(include_url=False)]
        raise ConfigurationError("\n".join(dict.fromkeys(lines))) from None


def without_password(url: str) -> str:
    """The URL as it may be shown."""
    return _URL_PASSWORD.sub("***", url)


def _line(detail: dict[str, object]) -> str:
    message = _PLAINER.get(str(detail["type"])) or str(detail["msg"]).removeprefix("Value error, ")
    location = detail["loc"]
    if not isinstance(location, tuple) or not location:
        return message
    name = str(location[0])
    return f"{name.upper()}={_shown(name, detail['input'])}: {message}"


def _shown(name: str, value: object) -> str:
    if name in _SECRET:
        return "(hidden)"
    return repr(without_password(value)) if isinstance(value, str) else repr(value)


def _with_scheme(value: str | None, *schemes: str) -> str | None:
    if value is not None and urlsplit(value).scheme not in schemes:
        raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    return value
