"""The files of a kept cohort: written whole, with their hashes, and read back into the same cohort.

``cohort.json`` and the Parquet tables are those of :mod:`data_loaders.cohort_folder`.
``beside.json`` holds what these leave out: how the cohort was loaded and the columns of its files
as they stand there. ``original.zip`` holds the files that it was read from.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from app.study.workspace._records import Original, WorkspaceError
from data_loaders import Cohort, CohortError
from data_loaders.cohort_folder import read_cohort, write_cohort
from data_loaders.files.file_columns import FileColumn
from data_loaders.files.folder import MAX_FOLDER_BYTES
from data_loaders.model import Loading

BESIDE, ORIGINAL = "beside.json", "original.zip"
FILES = (
    "cohort.json", "patients.parquet", "alterations.parquet", "mutations.parquet", BESIDE, ORIGINAL,
)  # fmt: skip
_OWN, _OWN_FILE = 0o700, 0o600
_DAMAGED = "its files were changed or damaged: delete it and load it again, or restore a back-up."


def write_files(cohort: Cohort, original: Original | None, before: bytes | None, to: Path) -> None:
    """Write a cohort's files to a new folder, and have them on the disk when this returns.

    Parameters
    ----------
    before
        The archive of original files that is kept already; used where none are given.

    Raises
    ------
    WorkspaceError
        If there is no room, or the cohort holds what cannot be stored.
    """
    try:
        write_cohort(cohort, to)
        (to / BESIDE).write_text(json.dumps(_beside(cohort, original)), encoding="utf-8")
        if original is not None and original.files is not None:
            (to / ORIGINAL).write_bytes(_zipped(original.files))
        elif before is not None:
            (to / ORIGINAL).write_bytes(before)
        to.chmod(_OWN)
        for path in to.iterdir():
            path.chmod(_OWN_FILE)
            _on_disk(path)
        _on_disk(to)
        _on_disk(to.parent)
    except (CohortError, OSError) as error:
        shutil.rmtree(to, ignore_errors=True)
        why = str(error) if isinstance(error, CohortError) else "there is no room for it."
        raise WorkspaceError(f"The cohort cannot be kept: {why}") from error


def read_files(folder: Path, name: str) -> tuple[Cohort, Original | None]:
    """The cohort of a folder, and what is known of its original files, without these.

    Parameters
    ----------
    name
        Of the cohort, for the sentence of a refusal.

    Raises
    ------
    WorkspaceError
        If the files are not those that were written.
    """
    try:
        beside = json.loads((folder / BESIDE).read_text(encoding="utf-8"))
        cohort = read_cohort(folder)
        if beside["loaded"] is not None:
            cohort = cohort.loaded_by(_loading(beside["loaded"]))
        cohort = replace(cohort, file_columns={c["name"]: _column(c) for c in beside["columns"]})
        held = beside["original"]
        return cohort, None if held is None else Original(**held)
    except (CohortError, OSError, ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(f"{name} cannot be opened: {_DAMAGED}") from error


def original_files(archive: bytes, name: str) -> dict[str, bytes]:
    """The files of an archive that :func:`write_files` made, or somebody's who sent a workspace.

    Raises
    ------
    WorkspaceError
        If it is damaged, or holds more than is read.
    """
    files, left = dict[str, bytes](), MAX_FOLDER_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            for member in opened.namelist():
                with opened.open(member) as stream:
                    files[member] = stream.read(left + 1)
                left -= len(files[member])
                if left < 0:
                    raise WorkspaceError(
                        f"The files of {name} hold more than {MAX_FOLDER_BYTES // 2**20} MiB, the "
                        "most that is read."
                    )
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError) as error:
        raise WorkspaceError(f"The files of {name} cannot be read: {_DAMAGED}") from error
    return files


def digest_of(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest(), path.stat().st_size


def check_file(path: Path, sha256: str, name: str) -> None:
    """Refuse a file that is not the one that was written.

    Raises
    ------
    WorkspaceError
        If it is gone or another.
    """
    if not path.is_file() or digest_of(path)[0] != sha256:
        raise WorkspaceError(f"{name} cannot be opened: {_DAMAGED}")


def _on_disk(path: Path) -> None:
    if path.is_dir() and os.name == "nt":  # Windows opens no folders
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _zipped(files: Mapping[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def _beside(cohort: Cohort, original: Original | None) -> dict[str, Any]:
    loaded = cohort.provenance.loaded
    held = original and {
        "mapping": dict(original.mapping), "name": original.name, "digest": original.digest
    }  # fmt: skip
    return {
        "loaded": None if loaded is None else asdict(loaded),
        "columns": [asdict(column) for column in cohort.file_columns.values()],
        "original": held,
    }


def _loading(data: dict[str, Any]) -> Loading:
    return Loading(**{**data, "files": tuple(data["files"])})


def _column(data: dict[str, Any]) -> FileColumn:
    entries = tuple((str(entry), int(number)) for entry, number in data["entries"])
    return FileColumn(**{**data, "entries": entries})
