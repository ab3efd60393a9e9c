"""Child processes that never outlive their parent."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.identity import SAME, Identity
from app.log_files import open_log

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run. `stop` ends it gracefully, and is sent when the parent dies in any way.

    `log` is appended to; None shares the parent's output.
    """

    name: str
    argv: tuple[str, ...]
    stop: signal.Signals = signal.SIGTERM
    env: Mapping[str, str] = field(default_factory=dict)
    identity: Identity = SAME
    log: Path | None = None


def spawn(command: Command, inherit: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
    """Start the command in a process group of its own, so that Ctrl-C reaches the parent alone.

    `inherit` are file descriptors that stay open in it and its children.

    Call it from the main thread: Linux signals the child when the *thread* that started it ends.
    """
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(open_log(command.log)) if command.log else None
        return subprocess.Popen(
            command.argv,
            env={**os.environ, **command.env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
            pass_fds=inherit,
            **command.identity.popen_arguments,
            preexec_fn=_before_exec(command, os.getpid()),
        )


def run_as(identity: Identity, argv: tuple[str, ...], env: Mapping[str, str]) -> str:
    """Run a short command to its end and return its output; a failure raises with that output."""
    done = subprocess.run(
        argv,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **identity.popen_arguments,
        preexec_fn=identity.enter,
    )
    if done.returncode:
        raise ChildFailed(f"{argv[0]} ended with {done.returncode}: {done.stdout.strip()}")
    return done.stdout


class ChildFailed(Exception):
    """A child process could not be started or did not do its work; the message holds its output."""


def terminate(process: subprocess.Popen[bytes], stop: signal.Signals, patience: float) -> None:
    """Ask the process to stop, and kill it after `patience` seconds."""
    if process.poll() is not None:
        return
    process.send_signal(stop)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _before_exec(command: Command, parent: int) -> Callable[[], None]:
    """What runs between fork and exec. The death signal comes last: changing the uid clears it."""

    def prepare() -> None:
        command.identity.enter()
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(command.stop), 0, 0, 0)
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGKILL)

    return prepare
