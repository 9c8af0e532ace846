"""Workspaces: what one loaded stays, with all that was saved of it.

The parts that need a database are imported when there is one: they take a second.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

import platformdirs

from app.study.workspace._records import (
    KeptCohort,
    Original,
    Saved,
    Share,
    SharedCohort,
    WorkspaceError,
)
from data_loaders.settings import STORE

if TYPE_CHECKING:
    from app.study.workspace._store import Workspace as Workspace

_POSTGRESQL = "postgresql://"
_DATABASE_FILE = "workspace.sqlite3"
_opened: dict[Path | str, Workspace] = {}
# Why a store was not opened, and until when it is not tried again.
_refused: dict[Path | str, tuple[str, float]] = {}
_AGAIN = 10.0


def store_setting() -> Path | str:
    """Where workspaces are: a folder, or the address of a PostgreSQL database."""
    stated = STORE.read()
    if stated.startswith(_POSTGRESQL):
        return stated
    if stated:
        return Path(stated).expanduser()
    return Path(platformdirs.user_data_dir("calr-explorer", appauthor=False))


@overload
def opened(*, make: Literal[True]) -> Workspace: ...


@overload
def opened(*, make: bool = False) -> Workspace | None: ...


def opened(*, make: bool = False) -> Workspace | None:
    """The store that the setting names, opened once.

    Parameters
    ----------
    make
        Make a folder's store where there is none.

    Returns
    -------
    Workspace or None
        None where there is none and none is to be made: nothing is written then.

    Raises
    ------
    WorkspaceError
        If it cannot be opened.
    """
    where = store_setting()
    try:
        absent = isinstance(where, Path) and not (where / _DATABASE_FILE).is_file()
    except OSError as error:
        raise WorkspaceError(f"The folder {where} of the workspace cannot be looked at.") from error
    said, until = _refused.get(where, ("", 0.0))
    if time.monotonic() < until:
        raise WorkspaceError(said)  # not at every click: a database that is away lets one wait
    if absent:
        _opened.pop(where, None)
        if not make:
            return None
    if where not in _opened:
        from app.study.workspace._store import Workspace

        try:
            _opened[where] = Workspace(where)
        except WorkspaceError as error:
            _refused[where] = str(error), time.monotonic() + _AGAIN
            raise
    return _opened[where]


def share(store: Workspace, owner: str, key: str, whom: str, may: Share | None) -> None:
    """Let somebody open a cohort, or not any more; see :mod:`._shares`.

    Raises
    ------
    WorkspaceError
        If the owner keeps no such cohort, or it cannot be written.
    """
    from app.study.workspace import _shares

    _shares.share(store, owner, key, whom, may)


def shares(store: Workspace, owner: str, key: str) -> Mapping[str, Share]:
    """With whom an owner shares a cohort, and what each may."""
    from app.study.workspace import _shares

    return _shares.shares(store, owner, key)


def shared_with(store: Workspace, whom: Collection[str]) -> Mapping[str, SharedCohort]:
    """Cohorts that others share with a person or their groups, by key."""
    from app.study.workspace import _shares

    return _shares.shared_with(store, whom)


def to_archive(store: Workspace, owner: str, keys: tuple[str, ...]) -> bytes:
    """Some cohorts and all that is saved with them as one file; see :mod:`._archive`."""
    from app.study.workspace import _archive

    return _archive.to_archive(store, owner, keys)


def from_archive(store: Workspace, owner: str, content: bytes) -> tuple[str, ...]:
    """Take in what :func:`to_archive` wrote; returns the keys of the cohorts.

    Raises
    ------
    WorkspaceError
        If it is not that; then nothing is changed.
    """
    from app.study.workspace import _archive

    return _archive.from_archive(store, owner, content)
