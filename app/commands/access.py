"""Commands about access: tokens and API keys."""

import asyncio
import getpass
import re
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from app.commands.setup import command_pool, command_settings
from app.settings import Settings
from app.tokens import issue, trust_of
from db.keys import PREFIX, ApiKey, NewKey, create_key, list_keys, revoke_key
from domain.callers import Role
from domain.errors import ConfigurationError, InvalidInput

cli = typer.Typer()
keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")
cli.add_typer(keys, name="key")

_TTL = re.compile(r"(?P<number>[1-9]\d{0,5})(?P<unit>[smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

RoleOption = Annotated[Role, typer.Option("--role", help="What it may do.")]


def lifetime(text: str) -> timedelta:
    """A length of time as 30m, 12h or 90d."""
    match = _TTL.fullmatch(text)
    if match is None:
        raise InvalidInput(
            f"--ttl {text!r} is not a number with s, m, h or d, as 12h.", field="ttl"
        )
    return timedelta(**{_UNITS[match["unit"]]: int(match["number"])})


@cli.command("token")
def token_command(
    role: RoleOption,
    subject: Annotated[str, typer.Option(help="Whom the token names.")] = "cli",
    ttl: Annotated[str, typer.Option(help="How long it is valid, as 30m, 12h or 90d.")] = "24h",
) -> None:
    """Print a token signed with JWT_SECRET."""
    settings = command_settings()
    if settings.jwt_secret is None:
        raise ConfigurationError(
            "JWT_SECRET is not set and no `tidemark up` has made one in this folder;"
            " tokens of JWT_JWKS come from their issuer.",
            field="JWT_SECRET",
        )
    token = issue(
        trust_of(settings),
        secret=settings.jwt_secret.get_secret_value(),
        role=role,
        subject=subject,
        ttl=lifetime(ttl),
        now=datetime.now(UTC),
    )
    typer.echo(token)


@keys.command("create")
def create_command(
    role: RoleOption,
    name: Annotated[str, typer.Option(help="What the key is for.")],
    ttl: Annotated[str | None, typer.Option(help="How long it is valid; for good without.")] = None,
) -> None:
    """Make a key and print it. It is shown this once and kept by its hash only."""
    ends = datetime.now(UTC) + lifetime(ttl) if ttl is not None else None
    new = NewKey(name, role, PREFIX + secrets.token_urlsafe(32), ends)
    made = asyncio.run(_create(command_settings(), new))
    typer.echo(f"Made key {made.id} for {made.role}, shown only now:", err=True)
    typer.echo(new.secret)


@keys.command("list")
def list_command() -> None:
    """List all keys, the newest first."""
    found = asyncio.run(_list(command_settings()))
    if not found:
        typer.echo("There are no keys.")
    for key in found:
        typer.echo(f"{key.id}  {key.prefix}…  {key.role:<15}  {_state(key):<12}  {key.name}")


@keys.command("revoke")
def revoke_command(key: Annotated[uuid.UUID, typer.Argument(help="Its id, as listed.")]) -> None:
    """End a key for good; every process refuses it within seconds. Exit code 1: no such key."""
    ended = asyncio.run(_revoke(command_settings(), key))
    typer.echo(f"Revoked key {ended.id} ({ended.name}).")


async def _create(settings: Settings, new: NewKey) -> ApiKey:
    async with command_pool(settings) as pool:
        return await create_key(pool, new, by=_subject())


async def _list(settings: Settings) -> list[ApiKey]:
    async with command_pool(settings) as pool:
        return await list_keys(pool)


async def _revoke(settings: Settings, key: uuid.UUID) -> ApiKey:
    async with command_pool(settings) as pool:
        return await revoke_key(pool, key, by=_subject())


def _subject() -> str:
    """Whom the audit log names for a change from the command line."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli"


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "valid" if key.valid_at(datetime.now(UTC)) else "expired"
