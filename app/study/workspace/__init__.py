"""Workspaces: what one loaded stays, with all that was saved of it.

The parts that need a database are imported when there is one: they take a second.
"""

from __future__ import annotations

import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

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
    from app.study.workspace._archive import from_archive, to_archive
    from app.study.workspace._shares import share, shared_with, shares
    from app.study.workspace._store import Workspace

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


_LATER = {"_archive": ("from_archive", "to_archive"), "_shares": ("share", "shared_with", "shares")}


def __getattr__(name: str) -> Any:
    """What needs a database, imported when it is asked for."""
    part = next((part for part, names in _LATER.items() if name in names), None)
    if part is None:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{part}"), name)
