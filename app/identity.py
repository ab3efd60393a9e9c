"""Which user the embedded PostgreSQL runs as: it refuses to run as root."""

import ctypes
import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

_CLONE_NEWUSER = 0x10000000
_CANDIDATES = ("postgres", "nobody")


class PopenArguments(TypedDict, total=False):
    """The part of `subprocess.Popen`'s arguments that changes the user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Identity:
    """A user to run a child as.

    With `namespace` the child stays the same user outside and only sees itself as `uid` inside a
    user namespace; that needs no change to any file. Otherwise it becomes `uid` for good.
    """

    uid: int
    gid: int
    changes: bool
    namespace: bool = False

    @property
    def popen_arguments(self) -> PopenArguments:
        """Arguments for `subprocess.Popen`."""
        if not self.changes or self.namespace:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    @property
    def owner(self) -> tuple[int, int]:
        """Who owns the files that the child writes, as the parent sees it."""
        return (os.getuid(), os.getgid()) if self.namespace else (self.uid, self.gid)

    def enter(self) -> None:
        """Step into the namespace; runs in the child before exec."""
        if not self.namespace:
            return
        outer_uid, outer_gid = os.getuid(), os.getgid()
        if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER):
            raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWUSER)")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{self.uid} {outer_uid} 1")
        Path("/proc/self/gid_map").write_text(f"{self.gid} {outer_gid} 1")


SAME = Identity(os.getuid(), os.getgid(), changes=False)


def unprivileged(*paths: Path) -> Identity:
    """An identity that is not root and can reach all `paths`.

    An ordinary user stays as it is. Root becomes `postgres` or `nobody` where that user can pass
    through every parent folder, and enters a user namespace where it cannot (below /root).
    """
    if os.getuid() != 0:
        return SAME
    account = _account()
    reachable = all(_passable(path, account.pw_uid, account.pw_gid) for path in paths)
    return Identity(account.pw_uid, account.pw_gid, changes=True, namespace=not reachable)


def take_over(folder: Path, identity: Identity) -> None:
    """Give a folder and all in it to the identity, where it has another owner."""
    uid, gid = identity.owner
    if os.getuid() != 0 or folder.stat().st_uid == uid:
        return
    for path in folder.rglob("*"):
        shutil.chown(path, uid, gid)
    shutil.chown(folder, uid, gid)


def _account() -> pwd.struct_passwd:
    for name in _CANDIDATES:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise OSError(f"PostgreSQL refuses to run as root and there is no user {_CANDIDATES}.")


def _passable(path: Path, uid: int, gid: int) -> bool:
    """Whether every folder above `path` may be passed by the user."""
    return all(_may_pass(folder, uid, gid) for folder in path.resolve().parents)


def _may_pass(folder: Path, uid: int, gid: int) -> bool:
    status = folder.stat()
    if status.st_uid == uid:
        return bool(status.st_mode & 0o100)
    return bool(status.st_mode & (0o010 if status.st_gid == gid else 0o001))
