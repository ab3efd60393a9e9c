"""The event types that Tidemark knows at start (SPEC E2) and the one that stands for every event."""

from domain.builtin_outreach import OUTREACH
from domain.builtin_parts import (
    COST,
    CURRENCY,
    DURATION,
    PROVIDER,
    SOURCE,
    STATUS_CODE,
    VALUE,
    number,
    text,
)
from domain.catalogue import ALL_EVENTS, Dimension, EventType, event_type

_PRODUCT = text("product", "The product's id or code.")
_COLLECTION = text("collection", "The collection that the product belongs to.")
_COUNTRY = text("country", "The country of the customer or visitor.")
_STATUS = text("status", "The state that the work or order ended in.")
_PATH = text("path", "The path of the page.")
_QUANTITY = number("quantity", "items", "How many items.")
_ORDERS = number(
    "orders", "orders", "1 on the first line of an order and 0 on its others; without it 1."
)

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
            text("endpoint", "Path template, as /orders/{id}."),
            text("method", "HTTP method."),
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
            text("pipeline", "generation3d, descriptions, assets, …"),
            text("stage", "Within assets: ingestion, versioning, approval."),
            _STATUS,
        ),
        measures=(DURATION, COST),
        combinations=(
            ("pipeline", "provider"),
            ("pipeline", "stage"),
            ("pipeline", "status"),
            ("pipeline", "provider", "stage"),
        ),
    ),
    event_type(
        "order",
        "One order, or one line of it; refunds and cancellations carry a negative value.",
        dimensions=(SOURCE, CURRENCY, _PRODUCT, _COLLECTION, _COUNTRY, _STATUS),
        measures=(VALUE, _QUANTITY, _ORDERS),
        combinations=(
            ("product", "status"),
            ("collection", "status"),
            ("country", "status"),
            ("source", "status"),
            ("collection", "country", "status"),
        ),
    ),
    event_type(
        "error",
        "One error that a service met.",
        dimensions=(SOURCE, PROVIDER, text("code", "The error's stable code.")),
        combinations=(("code", "source"),),
    ),
    event_type(
        "alert",
        "One alert that another system raised.",
        dimensions=(SOURCE, text("severity", "info, warning or critical.")),
    ),
    event_type(
        "page_view",
        "One page shown to a visitor.",
        dimensions=(SOURCE, _PATH, _PRODUCT, _COLLECTION, _COUNTRY),
        measures=(DURATION,),
    ),
    event_type(
        "click",
        "One click of a visitor.",
        dimensions=(SOURCE, _PATH, text("element", "What was clicked.")),
    ),
    event_type(
        "add_to_cart",
        "Something put into a cart.",
        dimensions=(SOURCE, _PRODUCT, _COLLECTION, _COUNTRY),
        measures=(_QUANTITY,),
    ),
    event_type(
        "checkout_start",
        "A visitor who goes on to pay.",
        dimensions=(SOURCE, _COUNTRY),
        measures=(_QUANTITY,),
    ),
    event_type(
        "purchase",
        "One purchase seen from the visitor's side.",
        dimensions=(SOURCE, CURRENCY, _PRODUCT, _COLLECTION, _COUNTRY),
        measures=(VALUE, _QUANTITY),
    ),
    event_type(
        "inventory",
        "A product's stock after it was counted or changed; raw events are kept.",
        dimensions=(SOURCE, _PRODUCT, _COLLECTION, text("location", "Where the stock is.")),
        measures=(number("stock", "items", "How many items there are now."),),
        raw_days=0,
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
    *OUTREACH,
)
