"""What `tidemark up` prints once all is ready."""

import shlex
from datetime import UTC, datetime, timedelta

from app.settings import Settings
from app.tokens import issue, trust_of
from domain.callers import Role

TOKEN_TTL = timedelta(days=7)
_QUERY = '{"query":"{ summary(range: {last: \\"P7D\\"}) { totalEvents uniqueUsers } }"}'


def banner(settings: Settings) -> str:
    """Address, a token per role and a query to paste."""
    url = f"http://{_named(settings.host)}:{settings.port}"
    lines = ["", f"Tidemark is ready at {url} (GraphQL: {url}/graphql)", ""]
    if settings.jwt_secret is None:
        lines.append(
            "Tokens come from the issuer of JWT_JWKS; `tidemark key create` makes API keys."
        )
        return "\n".join([*lines, ""])
    tokens = {role: _token(settings, role) for role in Role}
    width = max(len(role) for role in Role)
    lines.append(f"Tokens for {TOKEN_TTL.days} days:")
    lines += [f"  {role:<{width}}  {token}" for role, token in tokens.items()]
    command = [
        "curl",
        "-s",
        f"{url}/graphql",
        "-H",
        f"Authorization: Bearer {tokens[Role.ADMIN]}",
        "-H",
        "Content-Type: application/json",
        "-d",
        _QUERY,
    ]
    return "\n".join([*lines, "", "Try:", f"  {shlex.join(command)}", "", "Ctrl-C stops it.", ""])


def _token(settings: Settings, role: Role) -> str:
    assert settings.jwt_secret is not None
    return issue(
        trust_of(settings),
        secret=settings.jwt_secret.get_secret_value(),
        role=role,
        subject=f"local-{role}",
        ttl=TOKEN_TTL,
        now=datetime.now(UTC),
    )


def _named(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return "localhost"
    return f"[{host}]" if ":" in host else host
