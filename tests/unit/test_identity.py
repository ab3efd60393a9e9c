"""Which user PostgreSQL runs as."""

import os
from pathlib import Path

import pytest

from app.identity import SAME, unprivileged

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")


@as_root
def test_root_becomes_another_user_where_that_one_can_pass(tmp_path: Path) -> None:
    identity = unprivileged(Path("/usr/bin/env"))
    assert identity.uid != 0
    assert identity.popen_arguments["user"] == identity.uid
    assert not identity.namespace


@as_root
def test_root_enters_a_namespace_where_nobody_else_can_pass(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    identity = unprivileged(Path("/usr/bin/env"), closed / "data")
    assert identity.namespace
    assert identity.popen_arguments == {}
    assert identity.owner == (0, 0)


@pytest.mark.skipif(os.getuid() == 0, reason="for ordinary users")
def test_an_ordinary_user_stays_as_it_is(tmp_path: Path) -> None:
    assert unprivileged(tmp_path) == SAME
