"""Alert configs as JSON documents: what mutations take, what export writes and what the database keeps."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from domain.alert_checks import check_config, measure_problems
from domain.alert_configs import (
    Aggregate,
    AlertConfig,
    AlertMeasure,
    Baseline,
    ChangeUnit,
    Direction,
)
from domain.alerts import NONE, AlertType, NoData, Severity
from domain.catalogue import Catalogue
from domain.errors import InvalidInput
from domain.fields import (
    Document,
    Reader,
    choice,
    choices,
    duration,
    duration_text,
    flag,
    mapping,
    names,
    number,
    string_map,
    text,
    web_address,
)
from domain.filter_documents import filter_document, filter_of
from domain.questions import Filter

EVERY = timedelta(seconds=60)
EVERY_CRITICAL = timedelta(seconds=10)
"""Critical configs are looked at more often, so that a message leaves within half a minute of the event."""

COOLDOWN = timedelta(minutes=5)
WINDOW = timedelta(minutes=5)
_LONGEST = timedelta(days=31)

FIELDS = frozenset(
    {
        *("name", "description", "severity", "enabled", "type", "measure", "labels", "runbookUrl"),
        *("threshold", "recoveryThreshold", "change", "baseline", "direction", "noData"),
        *("window", "for", "keepFiringFor", "cooldown", "evaluationDelay", "every"),
        "completeBucketsOnly",
    }
)
_MEASURE_FIELDS = frozenset(["eventType", "aggregate", "of", "q", "filter", "groupBy"])


class InvalidConfig(InvalidInput):
    """A config with one or more problems, each naming its field and what is valid there."""

    code = "INVALID_ALERT_CONFIG"

    def __init__(self, problems: Sequence[InvalidInput]) -> None:
        super().__init__(" ".join(each.message for each in problems), field=problems[0].field)
        self.problems = tuple(problems)


def parse_config(document: Document, catalogue: Catalogue | None) -> AlertConfig:
    """The config of a document, or InvalidConfig with every problem that was found.

    Without a catalogue its names are taken as they are: they were checked when the config was made.
    """
    reader = Reader(document, "", FIELDS)
    measure = _measure(reader, catalogue)
    severity = reader.require("severity", choice(Severity), Severity.WARNING, choices(Severity))
    config = AlertConfig(
        name=reader.require("name", text(200), "", "text of 1 to 200 characters"),
        severity=severity,
        type=reader.require(
            "type", choice(AlertType), AlertType.THRESHOLD_ABOVE, choices(AlertType)
        ),
        measure=measure,
        window=reader.read("window", duration(timedelta(minutes=1), _LONGEST), WINDOW),
        every=reader.read(
            "every",
            duration(timedelta(seconds=10), timedelta(days=1)),
            EVERY_CRITICAL if severity is Severity.CRITICAL else EVERY,
        ),
        threshold=reader.read("threshold", number, None),
        recovery=reader.read("recoveryThreshold", number, None),
        change=reader.read("change", choice(ChangeUnit), ChangeUnit.PERCENT),
        baseline=reader.read("baseline", choice(Baseline), Baseline.PREVIOUS_WINDOW),
        direction=reader.read("direction", choice(Direction), Direction.EITHER),
        hold=reader.read("for", duration(NONE, _LONGEST), NONE),
        keep_firing=reader.read("keepFiringFor", duration(NONE, _LONGEST), NONE),
        cooldown=reader.read("cooldown", duration(NONE, _LONGEST), COOLDOWN),
        delay=reader.read("evaluationDelay", duration(NONE, _LONGEST), NONE),
        complete_only=reader.read("completeBucketsOnly", flag, False),
        no_data=reader.read("noData", choice(NoData), NoData.NO_DATA),
        enabled=reader.read("enabled", flag, True),
        description=reader.read("description", text(5_000, least=0), ""),
        runbook_url=reader.read("runbookUrl", web_address, None),
        labels=reader.read("labels", string_map, {}),
    )
    wrong = {problem.field for problem in reader.problems}
    found = [each for each in check_config(config) if each.field not in wrong]
    if reader.problems or found:
        raise InvalidConfig([*reader.problems, *found])
    return config


def document_of(config: AlertConfig) -> dict[str, Any]:
    """The document that `parse_config` reads back as an equal config."""
    return {
        "name": config.name,
        "description": config.description,
        "severity": config.severity.name,
        "enabled": config.enabled,
        "type": config.type.name,
        "measure": _measure_document(config.measure),
        "threshold": config.threshold,
        "recoveryThreshold": config.recovery,
        "change": config.change.name,
        "baseline": config.baseline.name,
        "direction": config.direction.name,
        "window": duration_text(config.window),
        "for": duration_text(config.hold),
        "keepFiringFor": duration_text(config.keep_firing),
        "cooldown": duration_text(config.cooldown),
        "evaluationDelay": duration_text(config.delay),
        "completeBucketsOnly": config.complete_only,
        "noData": config.no_data.name,
        "every": duration_text(config.every),
        "labels": dict(config.labels),
        "runbookUrl": config.runbook_url,
    }


def _measure_document(measure: AlertMeasure) -> dict[str, Any]:
    return {
        "eventType": measure.event_type,
        "aggregate": measure.aggregate.name,
        "of": measure.of,
        "q": measure.q,
        "filter": None if measure.filter is None else filter_document(measure.filter),
        "groupBy": list(measure.group_by),
    }


def _measure(reader: Reader, catalogue: Catalogue | None) -> AlertMeasure:
    nothing: dict[str, Any] = {}
    given = reader.require("measure", mapping, nothing, "an object with eventType and aggregate")
    inner = Reader(given, "measure.", _MEASURE_FIELDS)
    no_filter: Filter | None = None
    types = ", ".join(sorted(catalogue.types)) if catalogue else "an event type"
    measure = AlertMeasure(
        event_type=inner.require("eventType", text(200), "", types),
        aggregate=inner.require(
            "aggregate", choice(Aggregate), Aggregate.COUNT, choices(Aggregate)
        ),
        of=inner.read("of", text(200), None),
        q=inner.read("q", number, None),
        filter=inner.read("filter", filter_of, no_filter),
        group_by=inner.read("groupBy", names, ()),
    )
    if reader.document.get("measure") is not None:
        wrong = {problem.field for problem in inner.problems}
        found = measure_problems(measure, catalogue) if catalogue else ()
        reader.problems += [*inner.problems, *(each for each in found if each.field not in wrong)]
    return measure
