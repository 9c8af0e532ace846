"""Who did what and when: one line of JSON each, without a value of a patient.

A cohort goes by its fingerprint, a filter by a keyed hash, a selection by its number of patients.
Names of cohorts, columns and files may tell of patients, so they are not noted. Lines are appended
by one write under a lock, so that several processes of a server share a file; a full file is put
aside under the moment's name, and of those the oldest go.

Each line is also a row of the store, where there is one: a thread of its own writes it a moment
later, since a store has one writer at a time, and tries again while the store is away.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from app.shell.watch.figures import count_action
from app.study.workspace import WorkspaceError, opened
from data_loaders import CohortError, settings
from data_loaders.limits import limit

if TYPE_CHECKING:
    from app.shell.accounts.rules import Person  # it notes, too: either may come first

Action = Literal[
    "log_in",
    "log_out",
    "end_logins",
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
_SHOWN = 2_000
_MOST_WAITING = 100_000  # lines, while the store is away; the oldest go
_AT_ONCE = 500
_AGAIN_S = 10.0

_last: deque[dict[str, Any]] = deque(maxlen=_SHOWN)
_LOGGER = logging.getLogger("calr_explorer")
_lock = threading.Lock()
_waiting: deque[dict[str, Any]] = deque(maxlen=_MOST_WAITING)
_changed = threading.Condition()
_trouble = _store_trouble = False


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
    fingerprint, filter_hash, n
        Of the cohort, of the filter, and how many patients it selects.
    what
        Which export, or why somebody was refused: our own words or a widget's key, no data.
    """
    count_action(action)
    named = settings.AUDIT.read()
    if not named and not _accounts():
        return
    line: dict[str, Any] = {
        "at": _moment(),
        "person": person.subject, "role": person.role, "action": action,
        "fingerprint": fingerprint or None, "filter": filter_hash or None, "n": n,
        "what": what or None,
    }  # fmt: skip
    with _lock:
        _last.append(line)
        if named:
            _write(Path(named), line)
    if _accounts() or settings.STORE.read():
        with _changed:
            _writer()
            _waiting.append(line)
            _changed.notify_all()


def last_notes(person: str | None = None) -> tuple[list[dict[str, Any]], bool]:
    """The last lines, of one person or of all, the newest first; whether they are of the store.

    Else they are what this process noted.
    """
    try:
        store = opened()
        if store is not None:
            from app.study.workspace.watched import read_notes

            all_written(2.0)
            return read_notes(store, person, _SHOWN), True
    except WorkspaceError:
        pass  # the page says where its lines are from, and health what is wrong
    with _lock:
        return [one for one in reversed(_last) if person in {None, one["person"]}], False


def noted_people() -> list[str]:
    """Everybody of whom there is a line."""
    try:
        store = opened()
        if store is not None:
            from app.study.workspace.watched import noted_persons

            return noted_persons(store)
    except WorkspaceError:
        pass
    with _lock:
        return list(dict.fromkeys(str(one["person"]) for one in reversed(_last)))


def audit_works() -> bool:
    """Whether the last line could be written."""
    return not _trouble and not _store_trouble


def all_written(seconds: float) -> bool:
    """Wait until the store has every line, at most so long; whether it has."""
    with _changed:
        return _changed.wait_for(lambda: not _waiting, seconds)


def _accounts() -> bool:
    return settings.ACCOUNTS.read().lower() != "off"


def _moment(before: timedelta = timedelta(0)) -> str:
    return (datetime.now(tz=UTC) - before).isoformat(timespec="milliseconds")


@cache
def _writer() -> threading.Thread:
    """What writes to the store; started with the first line."""
    thread = threading.Thread(target=_write_rows, daemon=True, name="audit")
    thread.start()
    return thread


def _write_rows() -> None:
    global _store_trouble  # noqa: PLW0603  (a process has one store)
    while True:
        with _changed:
            _changed.wait_for(lambda: _waiting)
            lines = list(islice(_waiting, _AT_ONCE))
        try:
            store = opened(make=True)
            from app.study.workspace.watched import write_notes

            write_notes(store, lines, _moment(timedelta(days=limit(settings.AUDIT_DAYS))))
        except (WorkspaceError, CohortError) as error:
            _store_trouble = True
            _LOGGER.error("The audit is not in the store: %s", error)  # noqa: TRY400  (ours)
            time.sleep(_AGAIN_S)
            continue
        _store_trouble = False
        with _changed:
            for line in lines:
                if _waiting and _waiting[0] is line:  # else it had to make room
                    _waiting.popleft()
            _changed.notify_all()


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
        _LOGGER.error("The audit was not written: %s", reason)  # noqa: TRY400  (its place says nothing)


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
