"""The `tidemark` command. Exit codes: 0 done, 1 it failed, 2 something is set or asked wrongly."""

import socket
import sys
from collections.abc import Mapping
from importlib import import_module

import asyncpg
import typer
from redis.exceptions import RedisError

from app.child import ChildFailed
from domain.errors import ConfigurationError, InvalidInput, TidemarkError

PARTS: Mapping[str, tuple[str, ...]] = {
    "up": ("up",),
    "serve": ("serve",),
    "worker": ("worker",),
    "migrate": ("migrate",),
    "access": ("token", "key"),
    "imports": ("import",),
    "dead_letters": ("dead-letter",),
    "rollups": ("rollup",),
    "demo": ("demo",),
    "schema": ("schema",),
    "doctor": ("doctor",),
}
"""The modules of `app.commands` and their commands. Only that of the asked command is imported: all
of them together hold the whole house, and would make each start a second longer."""


def command_line(asked: str | None) -> typer.Typer:
    """The command that was asked for or, where that is none of them, all."""
    cli = typer.Typer(
        name="tidemark",
        help="Self-hosted GraphQL analytics: events in, exact dashboard answers out.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    cli.callback()(_keep_names)
    wanted = [part for part, names in PARTS.items() if asked in names] or PARTS
    for part in wanted:
        cli.add_typer(import_module(f"app.commands.{part}").cli)
    return cli


def _keep_names() -> None:
    """Without a callback typer takes a single command for the whole program."""


def main() -> None:
    """Run the command line; an expected problem is one line on standard error."""
    try:
        command_line(next(iter(sys.argv[1:]), None))()
    except Exception as raised:
        error = _first(raised)
        code, message = _verdict(error)
        if code is None:
            raise
        _fail(message, code)


def _first(error: BaseException) -> BaseException:
    """What went wrong first, out of tasks that ran side by side."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _verdict(error: BaseException) -> tuple[int | None, str]:
    """The exit code and what to say; no code for what nobody expected."""
    match error:
        case ConfigurationError() | InvalidInput():
            return 2, error.message
        case TidemarkError():
            return 1, error.message
        case ChildFailed():
            return 1, str(error)
        case asyncpg.PostgresError() | asyncpg.InterfaceError():
            return 1, f"PostgreSQL: {error}"
        case ConnectionError() | socket.gaierror() | TimeoutError():
            return 1, f"a server does not answer ({error}); `tidemark doctor` says which"
        case RedisError() | OSError():
            return 1, f"{type(error).__name__}: {error}"
    return None, ""


def _fail(message: str, code: int) -> None:
    for line in message.splitlines():
        typer.echo(f"tidemark: {line}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
