"""What a workspace says of what it holds, and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Share = Literal["read", "edit"]


class WorkspaceError(ValueError):
    """What cannot be kept, opened or read in; the message is one sentence for the user."""


@dataclass(frozen=True)
class KeptCohort:
    """A kept cohort without its data.

    Attributes
    ----------
    key, name, fingerprint, patients
        Its key, its name, what its content goes by, and how many patients it has.
    kept
        When, in UTC, as ISO 8601 writes it.
    has_data
        Whether its tables are kept; of a cohort that everybody has only what is saved with it is.
    page, used
        Which page showed it last, and when; empty where none did.
    """

    key: str
    name: str
    fingerprint: str
    patients: int
    kept: str
    has_data: bool
    page: str
    used: str


@dataclass(frozen=True)
class SharedCohort:
    """A cohort that another keeps and shares: by whom, what one may (``edit`` or ``read``)."""

    owner: str
    may: Share
    kept: KeptCohort


@dataclass(frozen=True, eq=False)
class Original:
    """The files that a cohort was read from, so that it can be read again and corrected.

    Attributes
    ----------
    mapping, name, digest
        What was stated of the columns, the name that was given, and the digest of the files.
    files
        Content by name; None leaves those that are kept already, where there are any.
    """

    mapping: Mapping[str, Any]
    name: str | None
    digest: str
    files: Mapping[str, bytes] | None = None


@dataclass(frozen=True)
class Saved:
    """One version of a saved thing.

    Attributes
    ----------
    scope, kind, name, version
        Of which cohort (empty: of the workspace), what it is, under which name, and its number
        from 1.
    about
        Keys of the cohorts that it says something of, besides the scope.
    content
        Plain data; None where the thing was dropped.
    """

    scope: str
    kind: str
    name: str
    version: int
    at: str
    fingerprint: str
    about: tuple[str, ...]
    content: Any


def now() -> str:
    """The time as the tables hold it."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
