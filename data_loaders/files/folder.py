"""Reading a folder of tables, or several files at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path, PurePath

from data_loaders.endpoints.find import find_pairs
from data_loaders.files.formats import MAX_FILE_BYTES
from data_loaders.files.regular_files import read_regular
from data_loaders.files.tables import OneColumnError, RawTable, read_table
from data_loaders.limits import limit
from data_loaders.model import CohortError, Issue
from data_loaders.settings import MAX_FOLDER_MIB
from data_loaders.wording import listed, plural, shown

MAX_FILES = 100
MAX_FOLDER_BYTES = limit(MAX_FOLDER_MIB) * 2**20

_TABLES = frozenset(
    {".csv", ".tsv", ".tab", ".txt", ".maf", ".xlsx", ".xlsm", ".parquet", ".rdata", ".rda", ".rds"}
)
_R_DATA = frozenset({".rdata", ".rda", ".rds"})
_PROSE = re.compile(
    r"^(read.?me|licen[cs]e|copying|citation|changelog|notes?|sources?)\b", re.IGNORECASE
)


def folder_files(folder: Path) -> dict[str, Path]:
    """The files of a folder that may be tables, by name; subfolders are not entered.

    Links that lead out of the folder are not followed.

    Raises
    ------
    CohortError
        If there are none, or too many, or too much data.
    """
    name = shown(folder.resolve().name)
    root = folder.resolve()
    try:
        inside = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise CohortError(
            f"{name} cannot be opened; check the path and its permissions."
        ) from error
    files = {
        path.name: path
        for path in inside
        if is_table_name(path.name) and path.resolve().is_relative_to(root)
    }
    if not files:
        raise CohortError(
            f"{name} holds no tables (CSV, TSV, MAF, XLSX, Parquet or RData); give the folder that "
            "holds the clinical table."
        )
    if len(files) > MAX_FILES:
        raise CohortError(
            f"{name} holds {len(files):,} tables; at most {MAX_FILES} are read; "
            "move those that belong together to a folder of their own."
        )
    if sum(path.stat().st_size for path in files.values()) > MAX_FOLDER_BYTES:
        raise CohortError(
            f"{name} holds more than {MAX_FOLDER_BYTES // 2**30} GiB of tables; "
            "move those that belong together to a folder of their own."
        )
    return files


def is_table_name(name: str) -> bool:
    """Whether a file's name is that of a table, compressed or not."""
    path = PurePath(name.lower().removesuffix(".gz"))
    hidden = name.startswith((".", "~$", "._"))
    return path.suffix in _TABLES and not hidden and not _PROSE.match(path.name)


def read_tables(files: Iterable[tuple[str, bytes]]) -> tuple[dict[str, RawTable], list[Issue]]:
    """Read files as tables; prose and R objects that are no tables are left out with an issue.

    A table that is damaged is not left out: without it, patients would silently lose what it says.
    Nor are R objects where no other file has an outcome.

    Raises
    ------
    CohortError
        The sentence of the first table that cannot be read, or if nothing is a table.
    """
    tables: dict[str, RawTable] = {}
    issues: list[Issue] = []
    for name, data in files:
        try:
            tables[name] = read_table(name, data)
        except OneColumnError:
            issues.append(_left_out(f"{shown(name)} was left out: it is text, not a table."))
        except CohortError as error:
            if PurePath(name.lower()).suffix not in _R_DATA:
                raise
            issues.append(_left_out(str(error), "warning"))
    if not tables:
        sentences = [issue.sentence for issue in issues]
        raise CohortError(sentences[0] if sentences else "No file was given; give a table.")
    unread = [issue.sentence for issue in issues if issue.severity == "warning"]
    if unread and not any(find_pairs(table.columns)[0] for table in tables.values()):
        # The outcomes are in none of the others, so this was the clinical table.
        raise CohortError(unread[0])
    return tables, issues


def unread_files(folder: Path, files: Collection[str]) -> list[Issue]:
    """An issue that lists the files and folders beside those that were read."""
    others = sorted(
        path.name for path in folder.iterdir()
        if path.name not in files and not path.name.startswith(".")
    )  # fmt: skip
    if not others:
        return []
    return [
        _left_out(
            f"{plural(len(others), 'file')} of the folder {'was' if len(others) == 1 else 'were'} "
            f"not read, not being tables: {listed(others, limit=6)}."
        )
    ]


def read_file(path: Path) -> bytes:
    """The content of a file, measured before it is read.

    Raises
    ------
    CohortError
        If it cannot be read or is too large.
    """
    return read_regular(path, MAX_FILE_BYTES)


def _left_out(sentence: str, severity: str = "info") -> Issue:
    return Issue("warning" if severity == "warning" else "info", sentence, code="file_left_out")
