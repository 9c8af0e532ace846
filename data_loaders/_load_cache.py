"""Local files that were loaded before, kept on the user's wish so that they open at once.

Nothing is kept unless it is asked for: a copy of patients' data outside the folder that its owner
chose outlives the original and its permissions. What is kept lies in the folder ``loaded`` of the
user's cache folder (``CALR_EXPLORER_CACHE``; the value ``off`` switches it off), which only the
user may enter (0700) and read (0600), in the form of :mod:`data_loaders.cohort_folder`. An entry
goes by the SHA-256 of the files' content and names, what was said of them and the loaders' own
source, so it is never out of date; the entries that were unused longest are removed beyond 2 GiB.
Uploads and databases never come here. Whatever fails here fails silently: the files are then read.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from data_loaders.cohort_folder import read_cohort, write_cohort
from data_loaders.model import Cohort, CohortError
from data_loaders.settings import CACHE

MAX_CACHE_BYTES = 2 * 2**30
_MAX_FILES = 2_000
_MAX_HASHED_BYTES = 2**30
_OWNER = 0o700
_PACKAGE = Path(__file__).parent
_LAST: dict[str, Cohort] = {}


def cached_cohort(
    sources: Iterable[Path], said: Mapping[str, object], load: Callable[[], Cohort]
) -> Cohort:
    """The cohort of some local files, from the cache if they were loaded before.

    Parameters
    ----------
    sources
        Files and folders that the cohort is made of.
    said
        Everything else that it depends on, such as the mapping; representable as JSON.
    load
        Makes it from the files.

    Raises
    ------
    CohortError
        Only from ``load``.
    """
    root = _root()
    key = None if root is None else _key(sources, said)
    if root is None or key is None:
        return load()
    folder = root / key
    known = _read(folder)
    if known is not None:
        return known
    cohort = load()
    try:
        _keep(cohort, folder)
    except (OSError, CohortError):
        shutil.rmtree(folder, ignore_errors=True)
    return cohort


def remembered_cohort(
    sources: Iterable[Path], said: Mapping[str, object], load: Callable[[], Cohort]
) -> Cohort:
    """The cohort of some local files, from this process's memory if they were the last loaded.

    Nothing is written anywhere. The tables are shared, each in a frame of its own, so that a column
    added to one is not in the other.

    Parameters
    ----------
    sources, said, load
        As in :func:`cached_cohort`.

    Raises
    ------
    CohortError
        Only from ``load``.
    """
    key = _key(sources, said)
    if key is None:
        return load()
    cohort = _LAST.get(key)
    if cohort is None:
        cohort = load()
        _LAST.clear()
        _LAST[key] = cohort
    return replace(
        cohort,
        patients=cohort.patients.copy(deep=False),
        alterations=cohort.alterations.copy(deep=False),
        mutations=cohort.mutations.copy(deep=False),
    )


def _root() -> Path | None:
    from data_loaders.catalogue.fetching import cache_folder  # it imports the loaders

    if CACHE.read().lower() == "off":
        return None
    return cache_folder() / "loaded"


def _key(sources: Iterable[Path], said: Mapping[str, object]) -> str | None:
    """What these files' cohort goes by; None where loading had better say what is wrong."""
    try:
        return _digest(sources, said)
    except (OSError, ValueError, TypeError):
        return None


def _digest(sources: Iterable[Path], said: Mapping[str, object]) -> str | None:
    digest = hashlib.sha256(_loader_version())
    digest.update(json.dumps(said, sort_keys=True).encode())
    for source in sources:
        inside = sorted(source.rglob("*")) if source.is_dir() else [source]
        files = [path for path in inside if path.is_file()]
        if not files or len(files) > _MAX_FILES:
            return None
        if sum(path.stat().st_size for path in files) > _MAX_HASHED_BYTES:
            return None
        digest.update(f"\x00{source.resolve().name}\x00{len(files)}".encode())
        for path in files:
            with path.open("rb") as stream:
                content = hashlib.file_digest(stream, "sha256").digest()
            digest.update(f"\x00{path.relative_to(source)}\x00".encode() + content)
    return digest.hexdigest()


@cache
def _loader_version() -> bytes:
    """The SHA-256 of the loaders: another version may understand the same file otherwise."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*")):
        if path.suffix in {".py", ".csv", ".txt", ".json"} and path.is_file():
            digest.update(f"{path.relative_to(_PACKAGE)}\x00".encode() + path.read_bytes())
    return digest.digest()


def _read(folder: Path) -> Cohort | None:
    if not folder.is_dir():
        return None
    try:
        cohort = read_cohort(folder)
        os.utime(folder)
    except (CohortError, OSError):
        shutil.rmtree(folder, ignore_errors=True)
        return None
    return cohort


def _keep(cohort: Cohort, folder: Path) -> None:
    root = folder.parent
    root.parent.mkdir(parents=True, exist_ok=True)
    root.mkdir(mode=_OWNER, exist_ok=True)
    root.chmod(_OWNER)
    write_cohort(cohort, folder)
    folder.chmod(_OWNER)
    for path in folder.iterdir():
        path.chmod(0o600)
    _make_room(root)


def _make_room(root: Path) -> None:
    """Remove the entries unused longest until the rest is within the limit."""
    entries = sorted(
        (path for path in root.iterdir() if path.is_dir()),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    held = 0
    for entry in entries:
        held += sum(file.stat().st_size for file in entry.iterdir())
        if held > MAX_CACHE_BYTES:
            shutil.rmtree(entry, ignore_errors=True)
