"""A PostgreSQL server of the tests' own: made in a new folder, on a free port, ended afterwards."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OWNER, OWNER_PASSWORD = "owner", "the-owner's/p@ss:w%rd"
DATABASE = "registry"


@dataclass(frozen=True)
class Server:
    """Where the server listens; ``binaries`` holds its programs."""

    port: int
    folder: Path
    binaries: Path


def binaries() -> Path | None:
    """Debian's programs of the newest PostgreSQL; None where it is not installed."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    return found[-1].parent if found else None


def why_not() -> str | None:
    """Why no server can be started here; None where one can."""
    if binaries() is None:
        return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    if os.geteuid() == 0 and _unprivileged() is None:
        return "PostgreSQL refuses to run as root, and there is no user postgres or nobody"
    return None


def _unprivileged() -> pwd.struct_passwd | None:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    return None


def _run(*command: str | Path, user: pwd.struct_passwd | None, cwd: Path) -> None:
    done = subprocess.run(  # noqa: S603
        [str(part) for part in command],
        cwd=cwd,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        # Not a pipe: the server inherits it and would keep it open.
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    if done.returncode:
        log = cwd / "log"
        raise RuntimeError(
            f"{Path(command[0]).name} failed ({done.returncode}): "
            + (log.read_text()[-2000:] if log.exists() else "it left no log")
        )


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A server with a database, owned by a user with a password, while it runs."""
    programs = binaries()
    assert programs is not None
    user = _unprivileged() if os.geteuid() == 0 else None
    # Not in pytest's own folder: that one is closed to other users, and too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        password = folder / "password"
        password.write_text(OWNER_PASSWORD)
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
            os.chown(password, user.pw_uid, user.pw_gid)
        data, port = folder / "data", _free_port()
        _run(
            programs / "initdb", "-D", data, "-U", OWNER, "--pwfile", password,
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync",
            user=user, cwd=folder,
        )  # fmt: skip
        control = programs / "pg_ctl"
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        _run(
            control, "-D", data, "-l", folder / "log", "-o", options, "-w", "start",
            user=user, cwd=folder,
        )  # fmt: skip
        try:
            yield Server(port, folder, programs)
        finally:
            _run(control, "-D", data, "-m", "immediate", "-w", "stop", user=user, cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
