"""What a written study carries beside the format: the exact cohort, tied to the files by hash.

The format has no place for the order of levels, units, competing events, refinements and
cytogenetics with "not tested", exact numbers, planted truths or findings. The subfolder
``calr_explorer`` holds them: the cohort as :mod:`data_loaders.cohort_folder` writes it, and
``files.json`` with the SHA-256 of every other file of the study. While these agree, the folder
gives the cohort that was written. Once a file was edited, the subfolder is set aside and the files
speak.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from data_loaders.cbioportal.meta import MAX_FILES, inside
from data_loaders.cohort_folder import is_stored_cohort, read_cohort, write_cohort
from data_loaders.files.folder import read_file
from data_loaders.model import Cohort, CohortError, Issue

FOLDER = "calr_explorer"
_README = """\
This folder belongs to CALR Explorer, which wrote the study around it; cBioPortal ignores it.

It holds the cohort exactly as it was (cohort/), because the study format has no place for the order
of levels, units, competing events, "not tested" of cytogenetics, or the findings of the loader.
files.json has the SHA-256 of every other file of the study: while these agree, CALR Explorer
restores the cohort from here; once a file was edited, it reads the study's files instead. It holds
the same patients' data as the study and can be deleted.
"""
_FILES = "files.json"
_COHORT = "cohort"


def write_sidecar(cohort: Cohort, folder: Path) -> None:
    """Write the exact cohort into a study's folder, after all other files."""
    place = folder / FOLDER
    write_cohort(cohort, place / _COHORT)
    (place / "README.txt").write_text(_README, encoding="utf-8")
    hashes = json.dumps(_hashes(folder), indent=1, sort_keys=True)
    (place / _FILES).write_text(hashes, encoding="utf-8")


def read_sidecar(folder: Path, name: str | None) -> tuple[Cohort | None, tuple[Issue, ...]]:
    """The exact cohort of a study's folder, if it has one and its files were not changed.

    Returns
    -------
    Cohort or None
        None where the files have to be read.
    issues
        Why, if the subfolder was set aside.
    """
    place = folder / FOLDER
    if not inside(folder, place) or not is_stored_cohort(place / _COHORT):
        return None, ()
    try:
        unchanged = json.loads(read_file(place / _FILES)) == _hashes(folder)
        cohort = read_cohort(place / _COHORT) if unchanged else None
    except (CohortError, ValueError, RecursionError):
        cohort = None
    if cohort is None:
        return None, (
            Issue(
                "warning",
                "The study was written by this product and changed since; its files were read, "
                f"and what only the subfolder {FOLDER} holds (units, order of levels, competing "
                "events) was left aside.",
                code="changed_since_export",
            ),
        )
    return (replace(cohort, name=name) if name else cohort), ()


def _hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of the study but the subfolder's, by path."""
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and inside(folder, path) and FOLDER not in path.relative_to(folder).parts
    )
    if len(files) > MAX_FILES:
        raise CohortError(f"The study's folder holds more than {MAX_FILES:,} files.")
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(read_file(path)).hexdigest()
        for path in files
    }
