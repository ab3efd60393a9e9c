"""The command that prints the schema: schema."""

import typer

from graph.schema import schema_text

cli = typer.Typer()


@cli.command("schema")
def schema_command() -> None:
    """Print the GraphQL schema, as kept in schema.graphql."""
    typer.echo(schema_text(), nl=False)
