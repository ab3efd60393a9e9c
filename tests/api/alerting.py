"""What tests of alerts share: a config, and events that make it fire."""

from datetime import timedelta
from typing import Any

from tests.api.conftest import Api
from workers.alerts import Engine, Tick, evaluate_due

CONFIG: dict[str, Any] = {
    "name": "slow",
    "severity": "WARNING",
    "type": "THRESHOLD_ABOVE",
    "threshold": 2,
    "window": "PT1M",
    "measure": {"eventType": "api_request", "aggregate": "COUNT"},
}
CREATE = """mutation ($input: CreateAlertConfigInput!) { createAlertConfig(input: $input) {
  alertConfig { id name } userErrors { field code message } } }"""
ALERTS = """query ($status: [AlertStatus!], $severity: [Severity!], $configIds: [ID!], $range: RangeInput,
  $first: Int! = 100, $after: String) {
  alerts(status: $status, severity: $severity, configIds: $configIds, range: $range, first: $first,
    after: $after) {
    nodes { id name status severity value threshold reason triggeredAt acknowledgedBy resolvedBy resolution
      group { dimension value } history { cursor event subject reason notice } }
    edges { cursor } pageInfo { hasNextPage endCursor } } }"""


def input_of(**changes: Any) -> dict[str, Any]:
    return {**CONFIG, **changes}


async def create(api: Api, **changes: Any) -> str:
    """The id of a new config."""
    made = (await api.ask(CREATE, input=input_of(**changes))).data["createAlertConfig"]
    assert made["userErrors"] == []
    id: str = made["alertConfig"]["id"]
    return id


async def requests(api: Api, count: int, *, minutes: float = 0.5, **fields: Any) -> None:
    """Events that occurred so many minutes before now's full minute."""
    minute = api.now.replace(second=0, microsecond=0)
    at = (minute - timedelta(minutes=minutes)).isoformat()
    await api.store([{"type": "api_request", "occurredAt": at, **fields} for _ in range(count)])


async def fire(api: Api, **fields: Any) -> None:
    """Three requests in the last minute, and an evaluation."""
    await requests(api, 3, **fields)
    await tick(api)


async def tick(api: Api, *, minutes: float = 0) -> Tick:
    """Evaluate what is due, after so many minutes."""
    api.now += timedelta(minutes=minutes)
    return await evaluate_due(Engine(api.pool, api.catalogue), api.now + timedelta(seconds=5))
