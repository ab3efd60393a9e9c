"""The words of alerts."""

from enum import Enum

import strawberry


@strawberry.enum(description="How much an alert matters.")
class Severity(Enum):
    INFO = strawberry.enum_value("INFO", description="Good to know.")
    WARNING = strawberry.enum_value("WARNING", description="To be looked at soon.")
    CRITICAL = strawberry.enum_value("CRITICAL", description="To be looked at now.")


@strawberry.enum(description="Whether an alert is over.")
class AlertStatus(Enum):
    FIRING = strawberry.enum_value("FIRING", description="Open, and nobody is at it.")
    ACKNOWLEDGED = strawberry.enum_value("ACKNOWLEDGED", description="Open, and someone is at it.")
    RESOLVED = strawberry.enum_value("RESOLVED", description="Over.")


@strawberry.enum(description="What makes a value alarming.")
class AlertType(Enum):
    THRESHOLD_ABOVE = strawberry.enum_value(
        "THRESHOLD_ABOVE", description="The value is above the threshold."
    )
    THRESHOLD_BELOW = strawberry.enum_value(
        "THRESHOLD_BELOW", description="The value is below the threshold."
    )
    RATE_OF_CHANGE = strawberry.enum_value(
        "RATE_OF_CHANGE", description="The change against an earlier window is above the threshold."
    )
    ANOMALY = strawberry.enum_value(
        "ANOMALY", description="The value is unlike what the series did before."
    )


@strawberry.enum(description="The number that is made of the events in a window.")
class AlertAggregate(Enum):
    COUNT = strawberry.enum_value("COUNT", description="Events.")
    ERROR_COUNT = strawberry.enum_value("ERROR_COUNT", description="Errors.")
    ERROR_RATE = strawberry.enum_value("ERROR_RATE", description="Errors over events, 0 to 1.")
    SUCCESS_RATE = strawberry.enum_value(
        "SUCCESS_RATE", description="What is no error over events, 0 to 1."
    )
    UNIQUE_USERS = strawberry.enum_value("UNIQUE_USERS", description="Distinct users.")
    SUM = strawberry.enum_value("SUM", description="The sum of a measure.")
    AVG = strawberry.enum_value("AVG", description="The mean of a measure.")
    MIN = strawberry.enum_value("MIN", description="The least value of a measure.")
    MAX = strawberry.enum_value("MAX", description="The greatest value of a measure.")
    QUANTILE = strawberry.enum_value("QUANTILE", description="A quantile of a measure.")


@strawberry.enum(description="How a change is counted.")
class ChangeUnit(Enum):
    PERCENT = strawberry.enum_value("PERCENT", description="In percent of the earlier value.")
    ABSOLUTE = strawberry.enum_value("ABSOLUTE", description="As the difference.")


@strawberry.enum(description="What a change is counted against.")
class Baseline(Enum):
    PREVIOUS_WINDOW = strawberry.enum_value(
        "PREVIOUS_WINDOW", description="The window of the same length just before."
    )
    SAME_HOUR_LAST_WEEK = strawberry.enum_value(
        "SAME_HOUR_LAST_WEEK", description="The same window seven days before."
    )


@strawberry.enum(description="Which way a change or an anomaly must point.")
class ChangeDirection(Enum):
    UP = strawberry.enum_value("UP", description="Upwards.")
    DOWN = strawberry.enum_value("DOWN", description="Downwards.")
    EITHER = strawberry.enum_value("EITHER", description="Either way.")


@strawberry.enum(description="What a window without a value means.")
class NoDataPolicy(Enum):
    OK = strawberry.enum_value("OK", description="All is well; an open alert recovers.")
    ALERT = strawberry.enum_value("ALERT", description="The condition holds.")
    KEEP = strawberry.enum_value("KEEP", description="Nothing new.")
    NO_DATA = strawberry.enum_value(
        "NO_DATA", description="Unknown, a state of its own; an open alert stays open."
    )


@strawberry.enum(description="What the last evaluation of a config and group means.")
class AlertPhase(Enum):
    OK = strawberry.enum_value("OK", description="The condition does not hold.")
    PENDING = strawberry.enum_value("PENDING", description="It holds, but not for long enough yet.")
    FIRING = strawberry.enum_value("FIRING", description="It holds, and an alert is open.")
    RECOVERING = strawberry.enum_value(
        "RECOVERING", description="It does not hold any more; the alert stays open a little."
    )
    NO_DATA = strawberry.enum_value("NO_DATA", description="There was no value.")
    ERROR = strawberry.enum_value("ERROR", description="The value could not be found out.")


@strawberry.enum(description="What happened to an alert.")
class AlertEventKind(Enum):
    FIRED = strawberry.enum_value("FIRED", description="It opened.")
    RESOLVED = strawberry.enum_value("RESOLVED", description="It ended.")
    CHANGED = strawberry.enum_value("CHANGED", description="Only its phase changed.")
    REMINDED = strawberry.enum_value(
        "REMINDED", description="A notice that was held back became due."
    )
    ACKNOWLEDGED = strawberry.enum_value("ACKNOWLEDGED", description="Someone is at it.")
    COMMENTED = strawberry.enum_value("COMMENTED", description="Someone left a comment.")


@strawberry.enum(description="Whether people were told of what happened and, if not, why.")
class AlertNotice(Enum):
    NONE = strawberry.enum_value("NONE", description="There was nothing to tell.")
    SEND = strawberry.enum_value("SEND", description="They were told.")
    COOLDOWN = strawberry.enum_value(
        "COOLDOWN", description="Held back: the last notice was within the cooldown."
    )
    SILENCED = strawberry.enum_value("SILENCED", description="Held back by a silence.")
    STALE = strawberry.enum_value(
        "STALE", description="They would have heard what they heard last."
    )


@strawberry.enum(description="What became of one alert that was to be acknowledged.")
class AcknowledgeOutcome(Enum):
    ACKNOWLEDGED = strawberry.enum_value("ACKNOWLEDGED", description="It is the caller's now.")
    ALREADY_ACKNOWLEDGED = strawberry.enum_value(
        "ALREADY_ACKNOWLEDGED", description="Someone was faster."
    )
    RESOLVED = strawberry.enum_value("RESOLVED", description="It was over already.")
    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such alert.")
