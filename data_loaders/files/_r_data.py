"""Tables in R data files (.RData, .rda, .rds): read with the library ``rdata``, never run.

R's format holds values and code; ``rdata`` builds the values and runs nothing. What it cannot build
(fitted models, functions compiled to byte code) is refused with a sentence.
"""

from __future__ import annotations

import bz2
import lzma
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from data_loaders.arrays import Ints
from data_loaders.files.formats import MAX_FILE_BYTES
from data_loaders.model import CohortError, Issue
from data_loaders.wording import listed, plural, shown

_LARGEST_SEQUENCE = 10_000_000  # R stores 1:n as two numbers, whatever n
_AS_CSV = "in R, save the patient table as CSV with write.csv(...)"

Cells = tuple[Ints, list[object]]


def unpacked(filename: str, data: bytes) -> bytes:
    """The content of an R data file that R compressed with bzip2 or xz, others as they are.

    Never more than ``MAX_FILE_BYTES``.

    Raises
    ------
    CohortError
        If it is damaged or too large.
    """
    if not data.startswith((b"BZh", b"\xfd7zXZ\x00")):
        return data
    decompressor = bz2.BZ2Decompressor() if data.startswith(b"BZh") else lzma.LZMADecompressor()
    damaged = CohortError(
        f"{shown(filename)} is compressed but cut off or damaged; copy or download it again."
    )
    try:
        content = decompressor.decompress(data, MAX_FILE_BYTES + 1)
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise damaged from error
    if len(content) <= MAX_FILE_BYTES and not decompressor.eof:
        raise damaged
    if len(content) > MAX_FILE_BYTES:
        raise CohortError(
            f"{shown(filename)} holds more than {MAX_FILE_BYTES // 2**20} MiB once decompressed."
        )
    return content


def read_r_data(
    filename: str, data: bytes, sheet: str | int | None
) -> tuple[list[str], list[Cells], list[Issue]]:
    """The names and dictionary-encoded cells of a data frame in an R data file.

    Parameters
    ----------
    sheet
        Name or position of the data frame; default the one with the most cells.

    Raises
    ------
    CohortError
        If the library is missing, the file cannot be read or it holds no data frame.
    """
    file = shown(filename)
    frames = _data_frames(_objects(file, data))
    if not frames:
        raise CohortError(f"{file} holds no data frame; {_AS_CSV} and load that.")
    name = _chosen(file, frames, sheet)
    frame = frames[name]
    others = [other for other in frames if other != name]
    issues = []
    if others and sheet is None:
        issues.append(
            Issue(
                "info",
                f"{file} holds {plural(len(frames), 'table')}; {shown(name)}, the largest, was "
                f"read, and not {listed(others)}.",
                count=len(others),
                code="other_tables",
            )
        )
    names, cells = [], []
    if not isinstance(frame.index, pd.RangeIndex) and frame.index.is_unique:
        labels = frame.index.astype(str)
        if not all(label.isdigit() for label in labels):
            # R keeps what identifies the rows beside the columns.
            names.append("row.names")
            cells.append(_cells(pd.Series(labels)))
    for column in frame.columns:
        names.append(str(column))
        cells.append(_cells(frame[column]))
    return names, cells, issues


def _objects(file: str, data: bytes) -> Mapping[str, Any]:
    """The objects of the file by name; one saved alone is called ``data``."""
    try:
        import rdata
    except ImportError as error:
        raise CohortError(
            f"{file} is an R data file, which needs the library rdata; run pip install rdata, or "
            f"{_AS_CSV}."
        ) from error
    try:
        with warnings.catch_warnings():
            # Columns of unknown classes (difftime) come as the numbers they are stored as.
            warnings.simplefilter("ignore")
            parsed = rdata.parser.parse_data(data, altrep_constructor_dict=_bounded())
            found = rdata.conversion.convert(parsed)
    except MemoryError as error:
        raise CohortError(f"{file} needs more memory than there is; {_AS_CSV}.") from error
    except Exception as error:  # the library raises whatever it stumbles on
        raise CohortError(
            f"{file} holds R objects that cannot be read outside R, such as fitted models or "
            f"functions, or is damaged; {_AS_CSV}"
            " and load that."
        ) from error
    return found if isinstance(found, Mapping) else {"data": found}


def _bounded() -> dict[bytes, Any]:
    """The library's constructors of compact vectors, each with a limit."""

    def bounded(constructor: Any) -> Any:
        def construct(state: Any) -> Any:
            length = getattr(state.value, "__getitem__", lambda _: 0)(0)
            if isinstance(length, int | float | np.number) and length > _LARGEST_SEQUENCE:
                raise ValueError("a sequence longer than any table")
            return constructor(state)

        return construct

    from rdata.parser import DEFAULT_ALTREP_MAP

    compact = (b"compact_intseq", b"compact_realseq")
    return {
        name: bounded(constructor) if name in compact else constructor
        for name, constructor in DEFAULT_ALTREP_MAP.items()
    }


def _data_frames(objects: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    return {
        str(name): value
        for name, value in objects.items()
        if isinstance(value, pd.DataFrame) and value.size
    }


def _chosen(file: str, frames: Mapping[str, pd.DataFrame], sheet: str | int | None) -> str:
    names = list(frames)
    if sheet is None:
        return max(names, key=lambda name: frames[name].size)
    if isinstance(sheet, int) and 0 <= sheet < len(names):
        return names[sheet]
    if sheet in frames:
        return str(sheet)
    raise CohortError(f"{file} has no table {shown(sheet)}; it has {listed(names)}.")


def _cells(column: pd.Series) -> Cells:
    """A column as text: whole numbers without a decimal point, TRUE and FALSE in words."""
    codes, values = pd.factorize(column, use_na_sentinel=True)
    return codes.astype(np.int64), [_text(value) for value in values]


def _text(value: object) -> str:
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)
