"""The series and labels of the Numenta Anomaly Benchmark, read from its archive."""

import csv
import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from benchmarks.nab_score import Window

ARCHIVE = Path(__file__).parents[1] / "../shared/data/nab/nab.tar.gz"

_LABELS = "labels/combined_windows.json"


@dataclass(frozen=True, slots=True)
class Series:
    """One file: its times in epoch seconds (as UTC), its values and its labelled windows in order."""

    name: str
    at: NDArray[np.float64]
    values: NDArray[np.float64]
    windows: Sequence[Window]

    @property
    def days(self) -> float:
        """From the first row to the last."""
        return float(self.at.max() - self.at.min()) / 86_400


def read(archive: Path = ARCHIVE) -> list[Series]:
    """All series, sorted by name."""
    with tarfile.open(archive) as tar:
        windows: dict[str, list[list[str]]] = json.load(_member(tar, _LABELS))
        return [
            _series(name, _member(tar, f"data/{name}"), windows[name]) for name in sorted(windows)
        ]


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    found = tar.extractfile(name)
    if found is None:
        raise FileNotFoundError(name)
    return found


def _series(name: str, file: IO[bytes], labels: Sequence[Sequence[str]]) -> Series:
    rows = csv.DictReader(TextIOWrapper(file, "utf-8"))
    pairs = [(_epoch(row["timestamp"]), float(row["value"])) for row in rows]
    at = [time for time, _ in pairs]
    windows = [Window(at.index(_epoch(first)), at.index(_epoch(last))) for first, last in labels]
    return Series(name, np.array(at), np.array([value for _, value in pairs]), windows)


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
