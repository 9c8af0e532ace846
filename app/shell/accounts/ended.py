"""Logins that ended before their time, in every process of a server within a second or two.

By logging out, by an administrator, or because their person came in again with a lower role. The
store has them, with a hash for the person; a process looks at most once a second. While the store
is away what a process knew holds on, and what it ended itself is written later.
"""

from __future__ import annotations

import hashlib
import logging
import math
import threading
import time

from app.study.workspace import WorkspaceError, opened

_EVERY_S, _AGAIN_S = 1.0, 10.0

_lock = threading.Lock()
_ended: dict[str, float] = {}
_unwritten: dict[str, float] = {}
_look_at = -math.inf


def ended_before(subject: str) -> float:
    """The moment, in seconds since 1970, before which a login of a person does not count."""
    look()
    who = _hashed(subject)
    return max(_ended.get(who, -math.inf), _unwritten.get(who, -math.inf))


def must_look() -> bool:
    """Whether the next question reads the store, which may take a while."""
    return time.monotonic() >= _look_at


def look() -> None:
    """Read from the store which logins have ended, where that was a while ago."""
    global _ended, _look_at  # noqa: PLW0603  (a process has one store)
    # Whoever comes while another looks goes by what is known.
    if not must_look() or not _lock.acquire(blocking=_look_at == -math.inf):
        return
    try:
        if not must_look():
            return
        store = opened(make=True)
        from app.study.workspace.watched import end_logins, ended_logins

        for who, at in list(_unwritten.items()):
            end_logins(store, who, at)
            if _unwritten.get(who) == at:
                del _unwritten[who]
        _ended = ended_logins(store)
        _look_at = time.monotonic() + _EVERY_S
    except WorkspaceError as error:
        _look_at = time.monotonic() + _AGAIN_S
        logging.getLogger("calr_explorer").error(  # noqa: TRY400  (ours, and all it says)
            "Which logins were ended elsewhere is not known: %s", error
        )
    finally:
        _lock.release()


def end_logins(subject: str, at: float) -> None:
    """End every login of a person that began before a moment, in every process."""
    global _look_at  # noqa: PLW0603
    who = _hashed(subject)
    _unwritten[who] = max(at, _unwritten.get(who, at))
    _look_at = min(_look_at, 0.0)
    look()


def came_in(subject: str, began: float, rank: int) -> None:
    """Know of a login; one that began later, with a role that may less, ends those before it."""
    global _look_at  # noqa: PLW0603
    try:
        store = opened(make=True)
        from app.study.workspace.watched import came_in as noted

        noted(store, _hashed(subject), began, rank)
    except WorkspaceError:
        return  # look() says so
    _look_at = min(_look_at, 0.0)


def _hashed(subject: str) -> str:
    return hashlib.sha256(subject.encode()).hexdigest()
