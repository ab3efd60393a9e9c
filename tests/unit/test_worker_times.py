"""When the jobs of the workers run."""

from datetime import UTC, datetime

import pytest
from arq.cron import CronJob

from workers.registry import _crons

AFTER = datetime(2026, 3, 11, 12, 30, tzinfo=UTC)
"""A Wednesday."""
NEXT = {
    "seal_hour": datetime(2026, 3, 11, 13, 0, 1, tzinfo=UTC),
    "seal_day": datetime(2026, 3, 12, 0, 0, 1, tzinfo=UTC),
    "seal_week": datetime(2026, 3, 15, 0, 0, 1, tzinfo=UTC),
    "seal_month": datetime(2026, 4, 1, 0, 0, 1, tzinfo=UTC),
}


@pytest.mark.parametrize("job", _crons(), ids=lambda job: str(job.name))
def test_each_grain_is_sealed_as_its_buckets_end(job: CronJob) -> None:
    job.calculate_next(AFTER)
    assert job.next_run is not None
    assert job.next_run.replace(microsecond=0) == NEXT[str(job.name)]


def test_every_grain_has_its_time() -> None:
    assert {job.name for job in _crons()} == NEXT.keys()
