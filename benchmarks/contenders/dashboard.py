"""The dashboard as each contender is asked for it, and the spans of time that its parts are about."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.window import Window, iso

TIDEMARK = """query Dashboard($from: DateTime!, $half: DateTime!, $day: DateTime!, $to: DateTime!) {
  summary(range: {between: {from: $from, to: $to}}) {
    totalEvents uniqueUsers eventsByType { eventType count }
  }
  hours: timeseries(
    eventType: "api_request", range: {between: {from: $day, to: $to}}, granularity: HOUR
  ) {
    series { columns { start errorRate p95: quantile(of: "durationMs", q: 0.95) } }
  }
  mlPipelines(range: {between: {from: $from, to: $to}}) {
    providers { rows { key jobs successRate duration { p95 } cost } }
  }
  business(range: {between: {from: $half, to: $to}}, compareTo: {}) {
    collections {
      rows {
        key ...Sales
        previous {
          revenue { total { amount } } orders averageOrderValue { total { amount } }
        }
      }
    }
  }
  days: timeseries(
    eventType: "*", range: {between: {from: $from, to: $to}}, granularity: DAY
  ) {
    series { columns { start count } }
  }
}
fragment Sales on CollectionSalesGroup {
  revenue { total { amount } } orders averageOrderValue { total { amount } }
}"""

POSTGRAPHILE = """query ($from: Datetime!, $half: Datetime!, $day: Datetime!, $to: Datetime!) {
  summary: allDashboardEvents(filter: {createdAt: {greaterThanOrEqualTo: $from, lessThan: $to}}) {
    totalCount
    aggregates { distinctCount { userId } }
    groupedAggregates(groupBy: EVENT_TYPE) { keys distinctCount { id } }
  }
  hours: allDashboardEvents(filter: {
    eventType: {equalTo: "api_request"}
    createdAt: {greaterThanOrEqualTo: $day, lessThan: $to}
  }) {
    groupedAggregates(groupBy: [CREATED_AT_TRUNCATED_TO_HOUR, FAILED]) {
      keys distinctCount { id }
    }
  }
  providers: allDashboardEvents(filter: {
    eventType: {equalTo: "ml_job"}
    createdAt: {greaterThanOrEqualTo: $from, lessThan: $to}
  }) {
    groupedAggregates(groupBy: [PROVIDER, FAILED]) { keys distinctCount { id } sum { cost } }
  }
  now: allDashboardEvents(filter: {
    eventType: {equalTo: "order"}
    createdAt: {greaterThanOrEqualTo: $half, lessThan: $to}
  }) {
    groupedAggregates(groupBy: [COLLECTION, CURRENCY, STATUS]) {
      keys distinctCount { id } sum { value }
    }
  }
  before: allDashboardEvents(filter: {
    eventType: {equalTo: "order"}
    createdAt: {greaterThanOrEqualTo: $from, lessThan: $half}
  }) {
    groupedAggregates(groupBy: [COLLECTION, CURRENCY, STATUS]) {
      keys distinctCount { id } sum { value }
    }
  }
  days: allDashboardEvents(filter: {createdAt: {greaterThanOrEqualTo: $from, lessThan: $to}}) {
    groupedAggregates(groupBy: CREATED_AT_TRUNCATED_TO_DAY) { keys distinctCount { id } }
  }
}"""
"""All but the two p95s: pg-aggregates has no quantiles. Rates and means are left to the caller."""


@dataclass(frozen=True, slots=True)
class Spans:
    """All days; the later half, compared to the earlier; the last day."""

    start: datetime
    half: datetime
    day: datetime
    end: datetime

    @classmethod
    def of(cls, window: Window) -> "Spans":
        """Those of a window."""
        half = window.end - timedelta(days=window.days // 2)
        return cls(window.start, half, window.end - timedelta(days=1), window.end)

    @property
    def variables(self) -> dict[str, str]:
        """As arguments of a question."""
        return {
            "from": iso(self.start),
            "half": iso(self.half),
            "day": iso(self.day),
            "to": iso(self.end),
        }

    def query(self, end: str | None = None) -> str:
        """As a query string, with another text for the end where it is to vary."""
        variables = self.variables | ({} if end is None else {"to": end})
        return "&".join(f"{name}={value}" for name, value in variables.items())
