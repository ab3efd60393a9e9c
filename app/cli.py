"""The `tidemark` command. Exit codes: 0 done, 1 it failed, 2 something is set or asked wrongly."""

import sys

import asyncpg
import typer
from redis.exceptions import RedisError

from app.child import ChildFailed
from app.commands import access, demo, imports, inspect, rollups, run
from domain.errors import ConfigurationError, InvalidInput, TidemarkError

cli = typer.Typer(
    name="tidemark",
    help="Self-hosted GraphQL analytics: events in, exact dashboard answers out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for part in (run, access, inspect, imports, rollups, demo):
    cli.add_typer(part.cli)


def main() -> None:
    """Run the command line; an expected problem is one line on standard error."""
    try:
        cli()
    except (ConfigurationError, InvalidInput) as error:
        _fail(error.message, 2)
    except TidemarkError as error:
        _fail(error.message, 1)
    except ChildFailed as error:
        _fail(str(error), 1)
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        _fail(f"PostgreSQL: {error}", 1)
    except (RedisError, OSError) as error:
        _fail(f"{type(error).__name__}: {error}", 1)


def _fail(message: str, code: int) -> None:
    for line in message.splitlines():
        typer.echo(f"tidemark: {line}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
