"""The way in: a demo's key, a file, or the bytes of an upload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from data_loaders.formats import MAX_FILE_BYTES
from data_loaders.mapping import TableMapping
from data_loaders.model import Cohort, CohortError
from data_loaders.tables import read_table
from data_loaders.wide import cohort_from_table
from data_loaders.wording import shown

_DEMO = "demo:"


def load_cohort(
    source: str | Path,
    *,
    mapping: Mapping[str, Any] | str | Path | None = None,
    name: str | None = None,
    sheet: str | int | None = None,
) -> Cohort:
    """Load a cohort.

    Parameters
    ----------
    source
        ``demo:KEY`` for an embedded synthetic cohort, or the path of a table with one row a
        patient: CSV, TSV or other delimited text (also gzip), XLSX or Parquet.
    mapping
        What the columns are, where the names do not say it: plain data or the path of a JSON file
        (see :mod:`data_loaders.mapping`).
    name
        Name of the cohort; default the file's.
    sheet
        Sheet of a workbook, by name or position from 0; default the first with data.

    Raises
    ------
    CohortError
        With one sentence that says what is wrong, where, and what to do.
    """
    if isinstance(source, str) and source.startswith(_DEMO):
        if mapping is not None or sheet is not None:
            raise CohortError("A demo cohort takes neither a mapping nor a sheet; leave them out.")
        return _demo(source.removeprefix(_DEMO), name)
    if not str(source).strip():
        raise CohortError("No file was named; give the path of a table or demo:mpn.")
    path = Path(source)
    return _from_bytes(path.name, _content(path), mapping, name, sheet)


def load_table_bytes(
    filename: str,
    data: bytes,
    mapping: Mapping[str, Any] | str | Path | None = None,
    name: str | None = None,
    sheet: str | int | None = None,
) -> Cohort:
    """Load a cohort from the bytes of an uploaded table.

    Parameters
    ----------
    filename
        The file's name, for messages and for the cohort's name.
    data
        Its content.
    mapping, name, sheet
        As in :func:`load_cohort`.

    Raises
    ------
    CohortError
        With one sentence that says what is wrong, where, and what to do.
    """
    return _from_bytes(filename, data, mapping, name, sheet)


def _from_bytes(
    filename: str,
    data: bytes,
    mapping: Mapping[str, Any] | str | Path | None,
    name: str | None,
    sheet: str | int | None,
) -> Cohort:
    stated = TableMapping.read(mapping)
    return cohort_from_table(read_table(filename, data, sheet), stated, name)


def _demo(key: str, name: str | None) -> Cohort:
    from data_loaders.demo import load_demo  # the generators are needed only here

    cohort = load_demo(key)
    return replace(cohort, name=name) if name else cohort


def _content(path: Path) -> bytes:
    file = shown(path.name or path)
    if str(path).startswith(("http:/", "https:/", "ftp:/")):
        raise CohortError(
            "Addresses on the web are not opened; download the file and give its path."
        )
    try:
        if path.is_dir():
            raise CohortError(f"{file} is a folder; give the path of a table inside it.")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise CohortError(
                f"{file} is larger than {MAX_FILE_BYTES // 2**20} MiB, the most that is read."
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise CohortError(f"{file} cannot be found; check the path.") from error
    except (OSError, ValueError) as error:
        if isinstance(error, CohortError):
            raise
        raise CohortError(
            f"{file} cannot be opened; check the path and its permissions."
        ) from error
