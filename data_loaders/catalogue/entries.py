"""What the catalogue lists: plain data, read from the package and checked once."""

from __future__ import annotations

import datetime as dt
import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import PurePosixPath
from typing import Any, Literal, get_args

from data_loaders.model import CohortError
from data_loaders.wording import listed, shown

Recipe = Literal["", "mpn_workspace"]

_NAME = re.compile(r"[a-z][a-z0-9_]{2,63}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REPOSITORY = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class PublishedFile:
    """A file at its publisher.

    Parameters
    ----------
    repository
        ``owner/name`` on GitHub.
    commit
        The commit whose version is meant, 40 hexadecimal digits.
    """

    repository: str
    commit: str
    path: str
    sha256: str
    bytes: int

    @property
    def name(self) -> str:
        """The file's own name."""
        return PurePosixPath(self.path).name

    def url(self, host: str) -> str:
        """Where the file is, below a host that serves repositories as GitHub does."""
        return f"{host}/{self.repository}/{self.commit}/{self.path}"


@dataclass(frozen=True)
class CatalogueEntry:
    """A public cohort: what it is, who made it, on what terms, and where it comes from.

    Parameters
    ----------
    name
        Key, as in ``catalogue:mds_iwg_2022``.
    title
        Name for people and of the cohort once loaded.
    disease, family
        In words, and in short: ``MPN``, ``MDS``, ``AML``, ...
    patients, samples
        How many, as far as the publisher states it.
    endpoints
        Keys of the endpoints that loading gives; empty where only loading tells.
    evidence
        Where number, citation and licence were read.
    files
        What is downloaded; empty for a study of cBioPortal.
    clinical
        Which of the files is the clinical table; empty where their content says it.
    recipe
        How the files become tables, where they are none: see :mod:`data_loaders.catalogue._mpn`.
    study_id
        The study's identifier at cBioPortal; empty for files.
    as_of
        The day on which the entry of a study was checked.
    """

    name: str
    title: str
    disease: str
    family: str
    citation: str
    licence: str
    evidence: str
    patients: int | None = None
    samples: int | None = None
    endpoints: tuple[str, ...] = ()
    note: str = ""
    files: tuple[PublishedFile, ...] = ()
    clinical: str = ""
    recipe: Recipe = ""
    study_id: str = ""
    as_of: str = ""

    @property
    def size(self) -> str:
        """The number of patients, or else of samples, in words; empty where it is not known."""
        if self.patients is not None:
            return f"{self.patients:,} patients"
        return f"{self.samples:,} samples" if self.samples is not None else ""

    @property
    def source(self) -> str:
        """Where it comes from, with the version: a repository at a commit, or cBioPortal."""
        if self.study_id:
            return f"cBioPortal, study {self.study_id}"
        first = self.files[0]
        return f"{first.repository}@{first.commit}"

    @property
    def download_bytes(self) -> int | None:
        """How much is downloaded; None for a study of cBioPortal, whose size is not fixed."""
        return sum(file.bytes for file in self.files) or None


def entry_named(name: str) -> CatalogueEntry:
    """The entry of a name.

    Raises
    ------
    CohortError
        If there is none, with the names that come close.
    """
    found = catalogue().get(name)
    if found is not None:
        return found
    close = difflib.get_close_matches(name.lower(), catalogue(), n=3, cutoff=0.5)
    hint = f"{listed(close, 'or')} comes close" if close else "its list has the names"
    raise CohortError(f"The catalogue has no cohort called {shown(name)}; {hint}.")


@cache
def catalogue() -> Mapping[str, CatalogueEntry]:
    """All entries by name, in the catalogue's order; nothing is downloaded.

    Raises
    ------
    CohortError
        If the data in the package are damaged.
    """
    text = resources.files(__package__).joinpath("entries.json").read_text(encoding="utf-8")
    return read_entries(text)


def read_entries(text: str) -> dict[str, CatalogueEntry]:
    """Entries from JSON, each checked.

    Raises
    ------
    CohortError
        Naming the entry and what is wrong with it.
    """
    entries: dict[str, CatalogueEntry] = {}
    for data in json.loads(text):
        name = str(data.get("name"))
        try:
            entry = _entry(data)
        except (TypeError, ValueError) as error:
            raise CohortError(f"The catalogue's entry {shown(name)} is wrong: {error}.") from error
        if name in entries:
            raise CohortError(f"The catalogue lists {shown(name)} twice.")
        entries[name] = entry
    return entries


def _entry(data: Mapping[str, Any]) -> CatalogueEntry:
    known = {field.name for field in fields(CatalogueEntry)}
    if extra := set(data) - known:
        raise ValueError(f"unknown {listed(sorted(extra))}")
    files = tuple(PublishedFile(**file) for file in data.get("files", ()))
    lists = {"files": files, "endpoints": tuple(data.get("endpoints", ()))}
    entry = CatalogueEntry(**{**data, **lists})
    _check_words(entry)
    _check_source(entry)
    return entry


def _check_words(entry: CatalogueEntry) -> None:
    if not _NAME.fullmatch(entry.name):
        raise ValueError("its name is no key")
    for word in ("title", "disease", "family", "citation", "licence", "evidence"):
        if not getattr(entry, word).strip():
            raise ValueError(f"{word} is missing")
    for number in (entry.patients, entry.samples):
        if number is not None and (not isinstance(number, int) or number < 1):
            raise ValueError("a number of patients or samples is none")


def _check_source(entry: CatalogueEntry) -> None:
    if bool(entry.files) == bool(entry.study_id):
        raise ValueError("it needs either files or a study")
    if entry.recipe not in get_args(Recipe):
        raise ValueError("its recipe is unknown")
    if entry.study_id:
        dt.date.fromisoformat(entry.as_of)
    names = [file.name for file in entry.files]
    if len(set(names)) < len(names) or (entry.clinical and entry.clinical not in names):
        raise ValueError("its files are not told apart")
    for file in entry.files:
        if (
            not _REPOSITORY.fullmatch(file.repository)
            or not _COMMIT.fullmatch(file.commit)
            or not _SHA256.fullmatch(file.sha256)
            or not isinstance(file.bytes, int)
            or file.bytes < 1
            or file.path.startswith("/")
            or ".." in file.path
        ):
            raise ValueError(f"the file {shown(file.name)} is not pinned")
