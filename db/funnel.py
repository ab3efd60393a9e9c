"""Following users or sessions through the steps of a funnel, over raw events, in one statement.

An actor's events are walked in order of time, those of one instant in the order of the steps. Where one is of
step k, a chain of k steps may end: it extends the chain of k - 1 steps that began last among those that ended
at an earlier event, as no other leaves more of the window. One event never takes two steps of a chain.
"""

from collections.abc import Iterator

import asyncpg

from db.expressions import Parameters, condition, dimension_of_event
from db.queries import load
from domain.catalogue import Catalogue
from domain.funnels import MOST_EVENTS, Actor, Followed, FunnelRead, Step

QUERIES = load("funnel")

_ACTORS = {Actor.USER: "e.user_id", Actor.SESSION: "e.session_id"}
_BEFORE = (
    "PARTITION BY actor ORDER BY at, place, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
)


async def followed(
    pool: asyncpg.Pool, catalogue: Catalogue, read: FunnelRead, *, most_events: int = MOST_EVENTS
) -> Followed | None:
    """Who got how far; None where raw events are no longer all kept, or are more than `most_events`."""
    types = sorted({step.event_type for step in read.steps})
    parameters = Parameters([read.start, read.end, types, read.window, most_events])
    row = await pool.fetchrow(_statement(catalogue, read, parameters), *parameters.values)
    assert row is not None
    return None if row["too_much"] else Followed(tuple(row["counts"]), row["as_of"])


def _statement(catalogue: Catalogue, read: FunnelRead, parameters: Parameters) -> str:
    steps = [_step(catalogue, step, parameters) for step in read.steps]
    numbers = range(1, len(steps) + 1)
    places = " ".join(f"WHEN {each} THEN {at}" for at, each in zip(numbers, steps, strict=True))
    flags = [f"{each} AS step_{at}" for at, each in zip(numbers, steps, strict=True)]
    composed = {
        "e.user_id /* actor */": _ACTORS[read.actor],
        "true AS step_1 /* steps */": ", ".join([*flags, f"CASE {places} END AS place"]),
        "true /* any step */": " OR ".join(steps),
        " /* chains */": "".join(f",\n{each}" for each in _chains(len(steps))),
        "bool_or(start_1 IS NOT NULL) AS reached_1 /* reached */": ", ".join(
            f"bool_or(start_{at} IS NOT NULL) AS reached_{at}" for at in numbers
        ),
        "chain_1 /* last chain */": f"chain_{len(steps)}",
        "count(*) FILTER (WHERE reached_1) /* counts */": ", ".join(
            f"count(*) FILTER (WHERE reached_{at})" for at in numbers
        ),
        "CASE WHEN $4::interval IS NOT NULL THEN at END": "CASE WHEN step_1 THEN at END",
    }
    sql = QUERIES["followed"]
    for marked, text in composed.items():
        sql = sql.replace(marked, text)
    return sql


def _step(catalogue: Catalogue, step: Step, parameters: Parameters) -> str:
    kind = catalogue.event_type(step.event_type)
    tree = condition(
        step.condition, lambda name: dimension_of_event(kind.dimension(name)), parameters
    )
    return f"(e.event_type = {parameters.add(step.event_type, 'text')} AND {tree})"


def _chains(steps: int) -> Iterator[str]:
    """chain_k has for each event when the chain of k steps began that ends there, as start_k."""
    for at in range(2, steps + 1):
        within = f"step_{at} AND at - began <= $4::interval"
        yield f"""\
begun_{at} AS (
    SELECT *, max(start_{at - 1}) OVER ({_BEFORE}) AS began FROM chain_{at - 1}
),
chain_{at} AS (
    SELECT {_kept(at, steps)}, CASE WHEN {within} THEN began END AS start_{at} FROM begun_{at}
)"""


def _kept(at: int, steps: int) -> str:
    """The columns that later chains and the counts need; `began` is each chain's own."""
    flags = [f"step_{number}" for number in range(at + 1, steps + 1)]
    starts = [f"start_{number}" for number in range(1, at)]
    return ", ".join(["actor", "at", "id", "place", *flags, *starts])
