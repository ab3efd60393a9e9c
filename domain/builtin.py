"""The event types that Tidemark knows at start (SPEC E2) and the one that stands for every event."""

from domain.catalogue import ALL_EVENTS, Dimension, EventType, Measure, event_type

SOURCE = Dimension("source", "source", "The service that sent the event.")
PROVIDER = Dimension("provider", "provider", "The outside provider that did the work.")
CURRENCY = Dimension("currency", "currency", "ISO 4217 code of the amount.")
STATUS_CODE = Dimension("statusCode", "statusCode", "HTTP status code of the response.")
DURATION = Measure("durationMs", "durationMs", "ms", "How long it took.")
COST = Measure("cost", "cost", "USD", "What it cost; unknown where the event has none.")
VALUE = Measure("value", "value", "currency", "The amount, in the event's currency.", money=True)


def _property(name: str, description: str) -> Dimension:
    return Dimension(name, f"properties.{name}", description)


def _number(name: str, unit: str, description: str) -> Measure:
    return Measure(name, f"properties.{name}", unit, description)


_PRODUCT = _property("product", "The product's id or code.")
_COLLECTION = _property("collection", "The collection that the product belongs to.")
_COUNTRY = _property("country", "The country of the customer or visitor.")
_STATUS = _property("status", "The state that the work or order ended in.")
_PATH = _property("path", "The path of the page.")
_QUANTITY = _number("quantity", "items", "How many items.")

BUILTIN: tuple[EventType, ...] = (
    event_type(
        ALL_EVENTS,
        "Every event of every type.",
        dimensions=(Dimension("eventType", "eventType", "The type of the event."), SOURCE),
        measures=(DURATION,),
        combinations=(("eventType", "source"),),
    ),
    event_type(
        "api_request",
        "One request that a service answered.",
        dimensions=(
            SOURCE,
            _property("endpoint", "Path template, as /orders/{id}."),
            _property("method", "HTTP method."),
            STATUS_CODE,
        ),
        measures=(DURATION,),
        combinations=(("endpoint", "method"), ("endpoint", "source")),
    ),
    event_type(
        "ml_job",
        "One job of a machine-learning pipeline.",
        dimensions=(
            SOURCE,
            PROVIDER,
            _property("pipeline", "generation3d, descriptions, assets, …"),
            _property("stage", "Within assets: ingestion, versioning, approval."),
            _STATUS,
        ),
        measures=(DURATION, COST),
        combinations=(("pipeline", "provider"), ("pipeline", "stage"), ("pipeline", "status")),
    ),
    event_type(
        "order",
        "One order, or one line of it; refunds and cancellations carry a negative value.",
        dimensions=(SOURCE, CURRENCY, _PRODUCT, _COLLECTION, _COUNTRY, _STATUS),
        measures=(VALUE, _QUANTITY),
    ),
    event_type(
        "error",
        "One error that a service met.",
        dimensions=(SOURCE, PROVIDER, _property("code", "The error's stable code.")),
        combinations=(("code", "source"),),
    ),
    event_type(
        "alert",
        "One alert that another system raised.",
        dimensions=(SOURCE, _property("severity", "info, warning or critical.")),
    ),
    event_type(
        "page_view",
        "One page shown to a visitor.",
        dimensions=(SOURCE, _PATH, _PRODUCT, _COUNTRY),
        measures=(DURATION,),
    ),
    event_type(
        "click",
        "One click of a visitor.",
        dimensions=(SOURCE, _PATH, _property("element", "What was clicked.")),
    ),
    event_type(
        "purchase",
        "One purchase seen from the visitor's side.",
        dimensions=(SOURCE, CURRENCY, _PRODUCT, _COLLECTION, _COUNTRY),
        measures=(VALUE, _QUANTITY),
    ),
    event_type(
        "enrollment",
        "One device or user enrolled.",
        dimensions=(SOURCE, STATUS_CODE),
        measures=(DURATION,),
    ),
    event_type(
        "proof_lock",
        "One proof locked.",
        dimensions=(SOURCE, STATUS_CODE),
        measures=(DURATION,),
    ),
    event_type(
        "query",
        "One query of a user.",
        dimensions=(SOURCE, STATUS_CODE),
        measures=(DURATION,),
    ),
)
