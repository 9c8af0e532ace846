"""Things that a session saves by name, kept with their cohort where that is kept.

The session's own memory stays where it is: a shelf is told how to read it and how to put into it
what another tab, or a session before, has saved.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import streamlit as st

from app.shell.workspace.kept import is_kept, newest, say, workspace
from app.study.workspace import WorkspaceError

# What reading raises of what a newer version, or somebody's file, has brought.
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
_SEEN = "_kept_seen"
_SHELVES: list[Shelf] = []


class Shelf:
    """One kind of saved things.

    Parameters
    ----------
    kind
        What the store calls them.
    names
        Of those that the session holds of a scope: the key of a cohort, or empty for things of
        the workspace.
    write
        One of them as plain data, by scope and name; None where the session does not hold it.
    take
        Put all of a scope into the session, by name, in place of what it holds of it; what cannot
        be read, which a newer version may have written, is passed over.
    """

    def __init__(
        self,
        kind: str,
        names: Callable[[str], Collection[str]],
        write: Callable[[str, str], Any],
        take: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        self.kind = kind
        self._names, self._write, self._take = names, write, take
        _SHELVES.append(self)

    def pull(self, scope: str, about: tuple[str, ...] = ()) -> None:
        """Have the session hold what is kept, where that is new to it.

        What it held before it knew of any stays, and is kept from then on.
        """
        number, place = newest(scope, self.kind), (scope, self.kind)
        seen: dict[tuple[str, str], int] = st.session_state.setdefault(_SEEN, {})
        if number <= seen.get(place, 0):
            return
        first = place not in seen
        seen[place] = number
        try:
            found = workspace()
            if found is None:
                return
            store, owner = found
            saved = store.saved(owner, scope, self.kind)
        except WorkspaceError as error:
            say(str(error))
            return
        kept = {name: one.content for name, one in saved.items()}
        own = [name for name in self._names(scope) if name not in kept] if first else []
        mine = {name: self._write(scope, name) for name in own}
        self._take(scope, kept | mine)
        if own:
            self.push(scope, *own, about=about)

    def push(
        self, scope: str, *names: str, fingerprint: str = "", about: tuple[str, ...] = ()
    ) -> None:
        """Keep things as the session holds them now, dropped ones as dropped.

        Parameters
        ----------
        fingerprint
            Of the cohort that they were made of.
        about
            Keys of the cohorts that they tell of, where the scope is empty.
        """
        if not names or not is_kept(scope, about):
            return
        try:
            found = workspace()
            if found is None:
                return
            store, owner = found
            things = {name: self._write(scope, name) for name in names}
            before, number = store.save(
                owner, scope, self.kind, things, fingerprint=fingerprint, about=about
            )
        except WorkspaceError as error:
            say(f"This is in this session only: {error}")
            return
        seen: dict[tuple[str, str], int] = st.session_state.setdefault(_SEEN, {})
        if before <= seen.get((scope, self.kind), 0):
            seen[scope, self.kind] = number  # else another tab's is to be pulled, too


def push_all(scope: str, fingerprint: str) -> None:
    """Keep all that the session holds of a cohort, once that is kept."""
    for shelf in _SHELVES:
        if newest(scope, shelf.kind):
            shelf.pull(scope)
        else:
            shelf.push(scope, *shelf._names(scope), fingerprint=fingerprint)  # noqa: SLF001
