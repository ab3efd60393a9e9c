"""Who holds a port."""

import errno
import socket
from collections.abc import Iterator
from pathlib import Path

from domain.errors import ConfigurationError

_LISTENING = "0A"


def check_port(host: str, port: int) -> None:
    """Refuse a port that somebody else listens on, with who it is and what to do."""
    if is_free(host, port):
        return
    raise ConfigurationError(
        f"Port {port} is in use by {_holder(port)}."
        f" Stop it, or choose another port: PORT={port + 1 if port < 65535 else port - 1}",
        field="PORT",
    )


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise ConfigurationError(
                f"PORT={port}: this user may not listen on it; choose one above 1023.", field="PORT"
            ) from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise ConfigurationError(
                f"HOST={host!r}: is no address of this machine ({error})", field="HOST"
            ) from None
    return True


def _holder(port: int) -> str:
    """The process that listens on a port, by Linux's /proc; what cannot be seen is said so."""
    inodes = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for process in Path("/proc").glob("[0-9]*"):
        if _has_open(process, inodes):
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            return f"process {process.name} ({command[:120]})"
    return f"a process that this user cannot see (ask: lsof -i :{port}, or as root)"


def _listening_inodes(port: int) -> Iterator[str]:
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _has_open(process: Path, targets: set[str]) -> bool:
    try:
        return any(str(link.readlink()) in targets for link in (process / "fd").iterdir())
    except OSError:
        return False
