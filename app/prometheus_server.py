"""Questions to a Prometheus server's HTTP API: which targets are up, and how requests go."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from app.bounded_http import NoAnswer, fetch
from domain.realtime import QUANTILES, STATUS_LABELS, Rates, Target, in_ms

WINDOW = 300.0
"""Seconds that rates are over."""

_RANGE = f"[{WINDOW:g}s]"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the server says, or why it does not."""

    targets: Sequence[Target] = ()
    rates: Rates | None = None
    seconds: float | None = None
    error: str | None = None


async def ask_server(client: httpx.AsyncClient, url: str, histogram: str, seconds: float) -> Asked:
    """All questions at once, within so many seconds."""
    questions = queries(histogram)
    address = f"{url.rstrip('/')}/api/v1/query"
    try:
        async with asyncio.timeout(seconds):
            found = await asyncio.gather(
                *(_vector(client, address, query) for query in questions.values())
            )
    except TimeoutError:
        return Asked(error=f"no answer within {seconds * 1000:g} ms")
    except NoAnswer as problem:
        return Asked(error=str(problem))
    answers = dict(zip(questions, found, strict=True))
    return Asked(_targets(answers.pop("up")), _rates(answers), WINDOW)


def queries(histogram: str) -> Mapping[str, str]:
    """PromQL by figure. Errors are those of any of the usual labels of a status."""
    count = f"{histogram}_count"
    failed = " or ".join(f'rate({count}{{{label}=~"[45].."}}{_RANGE})' for label in STATUS_LABELS)
    buckets = f"sum by (le) (rate({histogram}_bucket{_RANGE}))"
    return {
        "up": "up",
        "requests": f"sum(rate({count}{_RANGE}))",
        "errors": f"sum({failed})",
        "seconds": f"sum(rate({histogram}_sum{_RANGE}))",
        **{name: f"histogram_quantile({q:g}, {buckets})" for name, q in QUANTILES.items()},
    }


async def _vector(client: httpx.AsyncClient, address: str, query: str) -> list[dict[str, Any]]:
    answer = await fetch(client, address, params={"query": query})
    try:
        found = orjson.loads(answer.body)
        if found["status"] != "success" or found["data"]["resultType"] != "vector":
            raise NoAnswer("answered with an error")
        return [{**each["metric"], "": float(each["value"][1])} for each in found["data"]["result"]]
    except (ValueError, KeyError, TypeError, IndexError):
        raise NoAnswer("answered something else than a Prometheus server does") from None


def _rates(answers: Mapping[str, list[dict[str, Any]]]) -> Rates:
    values = {name: found[0][""] if found else None for name, found in answers.items()}
    requests, errors, seconds = values["requests"], values["errors"], values["seconds"]
    return Rates(
        requests_per_second=requests,
        error_rate=(errors or 0.0) / requests if requests else None,
        avg=in_ms(seconds / requests) if requests and seconds is not None else None,
        **{name: _finite(in_ms(values[name])) for name in QUANTILES},
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _targets(found: list[dict[str, Any]]) -> list[Target]:
    return [
        Target(
            f"{each.get('job', '')}/{each.get('instance', '')}",
            None if each[""] == 1 else "down, says the Prometheus server",
        )
        for each in found
    ]
