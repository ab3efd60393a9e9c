"""From an event to an SMS, end to end in real time, with the settings as they come."""

import asyncio
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.behaviour.tidemark import Running, running
from tests.providers import Answer, HttpProvider, http_provider

PROMISED = 30.0
"""Seconds from the acknowledgement of the event to the SMS."""

PHONE = "+4915112345678"
SETUP = """
mutation ($phone: String!) {
  createAlertConfig(input: {
    name: "Payments fail", severity: CRITICAL, type: THRESHOLD_ABOVE, threshold: 0
    measure: { eventType: "error", aggregate: COUNT }
  }) { userErrors { message } }
  setNotificationPreferences(input: { addresses: [{ channel: SMS, address: $phone }] }) {
    userErrors { message }
  }
}"""


async def test_a_critical_sms_leaves_within_thirty_seconds_of_the_event(tmp_path: Path) -> None:
    async with http_provider(lambda _: Answer(201, b'{"sid": "SM1"}')) as twilio:
        settings = {
            "TWILIO_ACCOUNT_SID": "AC1",
            "TWILIO_AUTH_TOKEN": "token",
            "TWILIO_FROM": "+15550100",
            "TWILIO_BASE_URL": twilio.url,
        }
        await asyncio.to_thread(_live, tmp_path, settings, twilio)
    assert len(twilio.asked) == 1
    assert twilio.asked[0].form["To"] == PHONE
    assert twilio.asked[0].form["Body"].startswith("CRITICAL Payments fail: 1 (threshold 0)")


def _live(folder: Path, settings: dict[str, str], twilio: HttpProvider) -> None:
    with running(folder, **settings) as up:
        headers = {"Authorization": f"Bearer {_token(up)}"}
        with httpx.Client(base_url=up.url, headers=headers, trust_env=False) as client:
            body = {"query": SETUP, "variables": {"phone": PHONE}}
            data = client.post("/graphql", json=body).raise_for_status().json()["data"]
            assert all(each["userErrors"] == [] for each in data.values()), data
            client.post("/v1/events", json=[_event()]).raise_for_status()
            acknowledged = time.monotonic()
            while not twilio.taken and time.monotonic() - acknowledged < PROMISED:
                time.sleep(0.05)
            assert twilio.taken, f"no SMS within {PROMISED:.0f} s"
            print(f"the SMS left after {time.monotonic() - acknowledged:.1f} s")


def _event() -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {"type": "error", "occurredAt": now, "errorMessage": "card declined by gateway"}


def _token(up: Running) -> str:
    command = [sys.executable, "-m", "app.cli", "token", "--role", "admin"]
    done = subprocess.run(command, cwd=up.folder, capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]
