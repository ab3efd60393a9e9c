"""System health: what became of the requests that the services answered."""

from collections.abc import Mapping
from dataclasses import replace

from domain.questions import COUNT, ERRORS, Columns, Filter, MeasureKey
from resolvers import measured_figures as figures
from resolvers.answers import Aggregates
from resolvers.measured_figures import Figure, Figures
from resolvers.section_parts import Section, Selected
from resolvers.totals import Totals

REQUESTS = "api_request"
OUTAGES = MeasureKey("error_count", "outages")
"""Requests that failed by the system's own fault. `overview` adds it to what the read path computes."""

_BY_OWN_FAULT = Filter(
    dimension="statusCode", isin=(*(str(status) for status in range(500, 600)), None)
)
"""Of errors: those with a status of 500 or more, and those that got no status at all."""


def _uptime(each: Aggregates) -> float | None:
    requests, outages = each.count, each.value(OUTAGES)
    return (float(requests) - float(outages or 0)) / float(requests) if requests else None


LATENCY = figures.durations("Latency", "How long requests took, in ms.")
_REQUEST_FIGURES: Mapping[str, Figure | Figures] = {
    "requests": figures.events("Requests."),
    "errors": figures.errors("Requests answered with 400 or more, or with an error message."),
    "errorRate": figures.error_rate("Errors over requests, 0 to 1; null without requests."),
    "successRate": figures.success_rate("What is no error, over requests, 0 to 1."),
    "latency": LATENCY,
}
API = Figures("Requests", "What became of requests.", _REQUEST_FIGURES)
HEALTH = Figures(
    "Health",
    "What became of requests, and whether the system was there to answer them.",
    {
        **_REQUEST_FIGURES,
        "uptime": Figure(
            "The share of requests, 0 to 1, that did not fail by the system's own fault: with a"
            " status of 500 or more, or with an error message and no status at all. null without"
            " requests: nothing is known of an idle system.",
            (COUNT, OUTAGES),
            _uptime,
        ),
        "uniqueUsers": figures.users("Distinct users that sent requests; estimated when many."),
    },
)


async def overview(section: Section, selected: Selected) -> Totals:
    """The figures of all requests; the uptime takes one more read, of the same statement."""
    wanted = selected.measures | selected.earlier
    own = Selected(selected.measures - {OUTAGES}, selected.earlier - {OUTAGES})
    if OUTAGES not in wanted:
        return await section.totals(REQUESTS, None, own)
    errors = Selected(frozenset({ERRORS}), frozenset({ERRORS}))
    found, outages = await section.together(
        section.totals(REQUESTS, None, own), section.totals(REQUESTS, _BY_OWN_FAULT, errors)
    )
    return replace(
        found,
        aggregates=_with_outages(found.aggregates, outages.aggregates),
        previous=found.previous
        and outages.previous
        and _with_outages(found.previous, outages.previous),
    )


def _with_outages(found: Aggregates, outages: Aggregates) -> Aggregates:
    values = {**found.values.values, OUTAGES: [outages.error_count]}
    return Aggregates(Columns(values, found.values.estimates))
