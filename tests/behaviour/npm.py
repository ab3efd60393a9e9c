"""Packages of npm for tests, in the user's cache folder."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_PATIENCE = 120


def installed(name: str, *packages: str) -> Path:
    """The folder that holds these packages; the test is skipped where npm cannot bring them."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node or npm is not installed")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}')
    flags = ("--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline")
    try:
        done = subprocess.run(
            ["npm", "install", *flags, *packages],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm took more than {_PATIENCE} s")
    if done.returncode:
        pytest.skip(f"npm cannot install {', '.join(packages)}: {done.stderr.strip()[-200:]}")
    return folder
