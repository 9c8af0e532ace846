"""How much a person may send and hold, and what a process has left: each refused in a sentence.

A person is who logged in, or else a session. What is counted is a process's own: a browser stays
with its process.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import defaultdict, deque
from pathlib import Path

from data_loaders import Cohort, CohortError
from data_loaders.limits import limit
from data_loaders.settings import MAX_HELD_MIB, MAX_MEMORY_MIB, MAX_SENT_MIB

_HOUR_S = 3600
_MIB = 2**20
_CELL = 60  # bytes of a short text and of its place in a column
_AT_WORST = 5  # a table of text takes so many times its file while it is read

_lock = threading.Lock()
_sent: defaultdict[str, deque[tuple[float, int]]] = defaultdict(deque)
_held: defaultdict[str, weakref.WeakSet[Cohort]] = defaultdict(weakref.WeakSet)


def count_sent(who: str, size: int) -> None:
    """Count bytes that somebody sent."""
    with _lock:
        _sent[who].append((time.monotonic(), size))


def sent_too_much(who: str) -> str:
    """Why somebody may send nothing now; empty where they may."""
    with _lock:
        for one in list(_sent):
            while _sent[one] and _sent[one][0][0] < time.monotonic() - _HOUR_S:
                _sent[one].popleft()
            if not _sent[one]:
                del _sent[one]
        sizes = [size for _, size in _sent.get(who, ())]
    most = limit(MAX_SENT_MIB)
    if sum(sizes) < most * _MIB:
        return ""
    return (
        f"You have sent {most:,} MiB within an hour, the most that this server takes from one "
        "person: come back a little later."
    )


def hold(who: str, cohort: Cohort) -> None:
    """Count a cohort as held by somebody, for as long as anything does.

    Raises
    ------
    CohortError
        If they would hold too much with it.
    """
    most = limit(MAX_HELD_MIB)
    with _lock:
        held = sum(size_mib(one) for one in _held[who] if one is not cohort) + size_mib(cohort)
        if held > most:
            raise CohortError(
                f"Your cohorts would take {held:,.0f} MiB with this one, and a person may hold "
                f"{most:,} MiB on this server: reload the page to let go of those that are not "
                "kept, or load a smaller table."
            )
        _held[who].add(cohort)
        for one in [name for name, cohorts in _held.items() if not cohorts]:
            del _held[one]


def check_room(size: int) -> None:
    """Refuse to read files of so many bytes where this process might not have the memory.

    Raises
    ------
    CohortError
        If it might not.
    """
    if memory_mib() + _AT_WORST * size / _MIB > limit(MAX_MEMORY_MIB):
        raise CohortError(
            f"The server has too little memory left to read {size / _MIB:,.0f} MiB now: come back "
            "later, or load a smaller table."
        )


def size_mib(cohort: Cohort) -> float:
    """About how much memory the tables of a cohort take."""
    total = 0
    for frame in (cohort.patients, cohort.alterations, cohort.mutations):
        total += int(frame.memory_usage(deep=False).sum())
        total += _CELL * len(frame) * sum(kind.kind == "O" for kind in frame.dtypes)
    return total / _MIB


def memory_mib() -> float:
    """Memory that this process has now; 0 where it cannot be told (elsewhere than on Linux)."""
    held = Path("/proc/self/statm")
    if not held.exists():
        return 0.0
    return int(held.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / _MIB
