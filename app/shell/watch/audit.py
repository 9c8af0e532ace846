"""Who did what and when: one line of JSON each, without a value of a patient.

A cohort goes by its fingerprint, a filter by a keyed hash, a selection by its number of patients.
Names of cohorts, columns and files may tell of patients, so they are not noted. Lines are appended
by one write under a lock, so that several processes of a server share a file; a full file is put
aside under the moment's name, and of those the oldest go.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from app.shell.watch.figures import count_action
from data_loaders import settings

if TYPE_CHECKING:
    from app.shell.accounts.rules import Person  # it notes, too: either may come first

Action = Literal[
    "log_in",
    "log_out",
    "refused",
    "open",
    "filter",
    "load",
    "keep",
    "share",
    "delete",
    "export",
    "present",
]
_FULL = 10 * 2**20  # bytes of a file before it is put aside
_KEPT = 50
_IN_MEMORY = 2_000

_last: deque[dict[str, object]] = deque(maxlen=_IN_MEMORY)
_lock = threading.Lock()
_trouble = False


def note(
    person: Person,
    action: Action,
    *,
    fingerprint: str = "",
    filter_hash: str = "",
    n: int | None = None,
    what: str = "",
) -> None:
    """Note what somebody did; nothing where accounts are off and no file is named.

    Parameters
    ----------
    person
        Who.
    fingerprint, filter_hash, n
        Of the cohort, of the filter, and how many patients it selects.
    what
        Which export, or why somebody was refused: our own words or a widget's key, no data.
    """
    count_action(action)
    named = settings.AUDIT.read()
    if not named and settings.ACCOUNTS.read().lower() == "off":
        return
    line: dict[str, object] = {
        "at": datetime.now(tz=UTC).isoformat(timespec="milliseconds"),
        "person": person.subject, "role": person.role, "action": action,
        "fingerprint": fingerprint or None, "filter": filter_hash or None, "n": n,
        "what": what or None,
    }  # fmt: skip
    with _lock:
        _last.append(line)
        if named:
            _write(Path(named), line)


def last_notes() -> list[dict[str, object]]:
    """What this process noted last, the newest first."""
    with _lock:
        return list(reversed(_last))


def audit_works() -> bool:
    """Whether the last line could be written."""
    return not _trouble


def _write(path: Path, line: dict[str, object]) -> None:
    global _trouble  # noqa: PLW0603  (a process has one file)
    text = json.dumps({k: v for k, v in line.items() if v is not None}, ensure_ascii=False)
    try:
        with Path(f"{path}.lock").open("a") as turn:
            _wait_for_turn(turn.fileno())
            if path.exists() and path.stat().st_size >= _FULL:
                _put_aside(path)
            held = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(held, "ab", buffering=0) as stream:
                stream.write(f"{text}\n".encode())
        _trouble = False
    except OSError as error:
        # Work goes on, and health says so: who must not work unseen stops at that.
        _trouble = True
        reason = error.strerror
        logging.getLogger("calr_explorer").error("The audit was not written: %s", reason)  # noqa: TRY400  (its place says nothing)


def _wait_for_turn(file: int) -> None:
    """Until no other process writes; on Windows a server is one process with a lock of its own."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)


def _put_aside(path: Path) -> None:
    moment = datetime.now(tz=UTC).strftime("%Y%m%dT%H%M%S%f")
    path.rename(path.with_name(f"{path.stem}-{moment}{path.suffix}"))
    aside = sorted(path.parent.glob(f"{path.stem}-*{path.suffix}"))
    for old in aside[:-_KEPT]:
        old.unlink()
