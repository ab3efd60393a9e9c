"""How much memory the embedded PostgreSQL takes."""

import os
from pathlib import Path

import pytest

from app.postgres_server import shared_buffers, usable_memory

GB = 2**30


@pytest.mark.parametrize(
    ("memory", "megabytes"), [(GB // 2, 128), (2 * GB, 256), (4 * GB, 512), (64 * GB, 1024)]
)
def test_its_pages_take_an_eighth_within_bounds(memory: int, megabytes: int) -> None:
    assert shared_buffers(memory) == megabytes


def test_a_container_has_what_it_may_use(tmp_path: Path) -> None:
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = tmp_path / "memory.max"
    assert usable_memory(limit) == physical
    limit.write_text("max\n")
    assert usable_memory(limit) == physical
    limit.write_text("134217728\n")
    assert usable_memory(limit) == 134217728
