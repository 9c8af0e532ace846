"""A cohort on disk, exactly: tables as Parquet, everything else as JSON.

A folder holds ``cohort.json`` (name, data dictionary, features, endpoints, provenance, findings,
the types of every column and the fingerprint) and ``patients.parquet``, ``alterations.parquet`` and
``mutations.parquet``. Each table is one that pandas and R read as it stands: the patients'
identifiers first, then the columns under their own names, classes as words, alterations as true,
false or missing, dates as dates. Names that a file cannot hold, or that occur twice, differ there
and are in ``cohort.json``. The fingerprint is worked out again on reading: what was changed or
damaged is refused. Folders of version 1, whose columns were called ``c0``, ``c1``, ..., still open.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from data_loaders.arrays import Positions, States
from data_loaders.files.formats import MAX_FILE_BYTES
from data_loaders.files.parquet import read_parquet
from data_loaders.files.regular_files import read_regular
from data_loaders.files.tables import MAX_CELLS
from data_loaders.model import (
    Cohort,
    CohortError,
    Endpoint,
    Issue,
    Loading,
    PlantedTruth,
    Provenance,
    Variable,
)
from data_loaders.wording import shown

COHORT_FILE = "cohort.json"
_FORMAT = "calr-explorer cohort"
_VERSION, _BEFORE = 2, 1
_ID = "patient_id"
_WITH_ID = ("patients", "alterations")
_TABLES = ("patients", "alterations", "mutations")
_AGAIN = "write the cohort again"
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f]")


def write_cohort(cohort: Cohort, folder: str | Path) -> Path:
    """Write a cohort to a new folder, from which :func:`read_cohort` makes the same again.

    Parameters
    ----------
    folder
        Does not exist yet, or is empty.

    Raises
    ------
    CohortError
        If the folder is in use or cannot be written, or a column holds something that is neither a
        number, text, date nor yes and no.
    """
    target = Path(folder)
    check_new_folder(target)
    tables = {name: _packed(getattr(cohort, name), with_id=name in _WITH_ID) for name in _TABLES}
    index = [str(patient) for patient in cohort.patients.index]
    description = {
        "format": _FORMAT,
        "version": _VERSION,
        "name": cohort.name,
        "fingerprint": cohort.fingerprint,
        "patients": index,
        "columns": {name: specs for name, (_, specs) in tables.items()},
        "rows": {name: len(getattr(cohort, name)) for name in _TABLES},
        "axes": {name: getattr(cohort, name).columns.name for name in _TABLES},
        "features": {
            "axis": cohort.features.index.name,
            "names": [str(name) for name in cohort.features.index],
            "columns": {
                str(column): [_plain(value) for value in cohort.features[column]]
                for column in cohort.features.columns
            },
        },
        "endpoints": [asdict(endpoint) for endpoint in cohort.endpoints.values()],
        "variables": [asdict(variable) for variable in cohort.variables.values()],
        "issues": [asdict(issue) for issue in cohort.issues],
        "provenance": _provenance(cohort.provenance),
        "scores": dict(cohort.stated_scores),
    }
    try:
        text = json.dumps(description, allow_nan=False, indent=1)
    except (TypeError, ValueError) as error:
        raise CohortError(
            "The cohort's data dictionary holds something that JSON cannot; use text and numbers."
        ) from error
    with whole_folder(target) as part:
        (part / COHORT_FILE).write_text(text, encoding="utf-8")
        for name, (table, _) in tables.items():
            pyarrow.parquet.write_table(table, part / f"{name}.parquet", compression="zstd")
    return target


def read_cohort(folder: str | Path) -> Cohort:
    """Read a cohort that :func:`write_cohort` wrote.

    Where the inputs of scores were stated, its :class:`Loading` says so, since scores follow from
    it; else it has none.

    Raises
    ------
    CohortError
        If the folder holds none, or it was changed or damaged.
    """
    source = Path(folder)
    description = _description(source)
    try:
        index = pd.Index(description["patients"], name="patient_id", dtype=object)
        frames = {}
        for name in _TABLES:
            rows = int(description["rows"][name])
            before = name in _WITH_ID and description["version"] == _VERSION
            frame = _unpacked(source, name, description["columns"][name], rows, int(before))
            frame.columns.name = description["axes"][name]
            frames[name] = frame if name == "mutations" else frame.set_axis(index)
        features = description["features"]
        cohort = Cohort(
            name=str(description["name"]),
            features=pd.DataFrame(
                {
                    column: pd.Series([_value(v) for v in values], dtype=object)
                    for column, values in features["columns"].items()
                },
            ).set_axis(pd.Index(features["names"], name=features["axis"], dtype=object)),
            endpoints={
                e["key"]: Endpoint(**{**e, "notes": tuple(e.get("notes", ()))})
                for e in description["endpoints"]
            },
            variables={
                v["name"]: Variable(**{**v, "levels": tuple(v["levels"])})
                for v in description["variables"]
            },
            issues=tuple(Issue(**{**i, "rows": tuple(i["rows"])}) for i in description["issues"]),
            provenance=_read_provenance(description["provenance"]),
            **frames,
        )
        if description.get("scores"):
            stated = {"scores": dict(description["scores"])}
            cohort = cohort.loaded_by(Loading("stored", (source.name,), mapping=stated))
    except CohortError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise CohortError(
            f"{shown(source.name)} holds a stored cohort that is incomplete; {_AGAIN}."
        ) from error
    if cohort.fingerprint != description.get("fingerprint"):
        raise CohortError(
            f"{shown(source.name)} holds a stored cohort whose files were changed or damaged; "
            f"{_AGAIN}."
        )
    return cohort


def loaded_from_folder(folder: str | Path, files: tuple[str, ...]) -> Cohort:
    """A stored cohort with the record of how it was loaded.

    Parameters
    ----------
    files
        The folder's name, or the names of its files as they were sent.

    Raises
    ------
    CohortError
        As :func:`read_cohort`.
    """
    cohort = read_cohort(folder)
    before = cohort.provenance.loaded
    stated = {} if before is None else before.mapping
    return cohort.loaded_by(Loading("stored", files, mapping=stated))


def is_stored_cohort(path: str | Path) -> bool:
    """Whether a path is a folder that :func:`write_cohort` wrote."""
    file = Path(path) / COHORT_FILE
    try:
        if not file.is_file():  # opening a pipe would wait for ever
            return False
        with file.open(encoding="utf-8") as stream:
            return _FORMAT in stream.read(200)
    except (OSError, ValueError):
        return False


def check_new_folder(target: Path) -> None:
    """Refuse a folder that is in use.

    Raises
    ------
    CohortError
        If it holds anything, or is a file.
    """
    try:
        used = target.exists() and (not target.is_dir() or any(target.iterdir()))
    except (OSError, ValueError) as error:
        raise CohortError(
            f"{shown(target.name)} cannot be written; check the path and its permissions."
        ) from error
    if used:
        raise CohortError(f"{shown(target.name)} exists already; choose a new or empty folder.")


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A folder to write into, which stands at ``target`` once it is complete, or never.

    Raises
    ------
    CohortError
        If it cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".writing_", dir=target.parent))
        try:
            yield part
            if target.exists():
                target.rmdir()
            part.rename(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise CohortError(
            f"{shown(target.name)} cannot be written; check the path, its permissions and the free "
            "space."
        ) from error


def _description(folder: Path) -> dict[str, Any]:
    file = folder / COHORT_FILE
    try:
        if not file.exists():
            raise CohortError(
                f"{shown(folder.name)} holds no stored cohort: {COHORT_FILE} is not there."
            )
        description = json.loads(read_regular(file, MAX_FILE_BYTES).decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, CohortError):
            raise
        raise CohortError(f"{COHORT_FILE} cannot be read; {_AGAIN}.") from error
    if not isinstance(description, dict) or description.get("format") != _FORMAT:
        raise CohortError(f"{COHORT_FILE} is not that of a stored cohort.")
    if description.get("version") not in {_VERSION, _BEFORE}:
        raise CohortError(
            f"{COHORT_FILE} was written by another version of this product; {_AGAIN} with this one."
        )
    return description


def _packed(frame: pd.DataFrame, *, with_id: bool) -> tuple[pa.Table, list[dict[str, Any]]]:
    """A frame as an Arrow table, and what each of its columns was."""
    arrays, names, specs = [], [], []
    taken: set[str] = set()
    if with_id:
        arrays.append(pa.array([str(patient) for patient in frame.index], pa.string()))
        names.append(_name_in_file(_ID, taken))
    for position, name in enumerate(frame.columns):
        column = frame.iloc[:, position]
        array, spec = _packed_column(column)
        arrays.append(array)
        names.append(_name_in_file(str(name), taken))
        specs.append({"name": str(name), "dtype": str(column.dtype), **spec})
    return pa.table(arrays, names=names), specs


def _name_in_file(name: str, taken: set[str]) -> str:
    """A name that every reader of Parquet takes and no other column has; remembers it."""
    plain = _NOT_IN_NAMES.sub("�", name).strip() or "column"
    found, number = plain, 1
    while found.lower() in taken:
        number += 1
        found = f"{plain} ({number})"
    taken.add(found.lower())
    return found


def _packed_column(column: pd.Series) -> tuple[pa.Array, dict[str, Any]]:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        categories = [_plain(value) for value in dtype.categories]
        spec = {
            "as": "levels",
            "categories": categories,
            "categories_dtype": str(dtype.categories.dtype),
            "ordered": bool(dtype.ordered),
        }
        # Levels differ, and so do their words: a code is found again by its word.
        words = _unlike([str(value) for value in dtype.categories])
        codes = column.cat.codes.to_numpy().astype(np.int32)
        return pa.DictionaryArray.from_arrays(
            pa.array(codes, mask=codes < 0), pa.array(words, pa.string())
        ), spec
    if isinstance(dtype, np.dtype) and dtype.kind in "mM":
        return pa.array(column.to_numpy()), {"as": "dates"}
    if isinstance(dtype, np.dtype) and dtype.kind in "fiub":
        # Not through pandas: it would turn every kind of NaN into the same.
        return pa.array(column.to_numpy(), from_pandas=False), {"as": "plain"}
    if dtype == "boolean":
        missing = column.isna().to_numpy()
        return pa.array(column.to_numpy(dtype=bool, na_value=False), mask=missing), {"as": "yes_no"}
    values = [None if gone else v for v, gone in zip(column, column.isna(), strict=True)]
    if all(value is None or type(value) is str for value in values):
        try:
            return pa.array(values, pa.string()), {"as": "text"}
        except UnicodeEncodeError:
            pass  # half a surrogate pair: JSON can carry it
    texts = [None if value is None else json.dumps(_plain(value)) for value in values]
    return pa.array(texts, pa.string()), {"as": "json"}


def _unlike(words: list[str]) -> list[str]:
    """Words of which no two are alike, in their order."""
    taken: set[str] = set()
    found = []
    for word in words:
        own, number = word, 1
        while own in taken:
            number += 1
            own = f"{word} ({number})"
        taken.add(own)
        found.append(own)
    return found


def _unpacked(
    folder: Path, name: str, specs: list[dict[str, Any]], rows: int, before: int
) -> pd.DataFrame:
    """The frame of a table; the first ``before`` columns are not the frame's."""
    file = folder / f"{name}.parquet"
    try:
        metadata = pyarrow.parquet.read_metadata(file)
        if metadata.num_rows * max(metadata.num_columns, 1) > MAX_CELLS:
            raise CohortError(
                f"{file.name} has more than {MAX_CELLS:,} cells, the most that is read."
            )
        groups = (metadata.row_group(i) for i in range(metadata.num_row_groups))
        if sum(group.total_byte_size for group in groups) > MAX_FILE_BYTES:
            raise CohortError(
                f"{file.name} holds more than {MAX_FILE_BYTES // 2**20} MiB, the most that is read."
            )
        table = read_parquet(file, file.name)
    except FileNotFoundError as error:
        raise CohortError(f"{file.name} of the stored cohort is not there; {_AGAIN}.") from error
    except (pa.ArrowException, OSError) as error:
        raise CohortError(f"{file.name} of the stored cohort is damaged; {_AGAIN}.") from error
    data = [_unpacked_column(table.column(i), spec) for i, spec in enumerate(specs, before)]
    frame = pd.DataFrame(dict(enumerate(data)), index=pd.RangeIndex(rows))
    frame.columns = pd.Index([spec["name"] for spec in specs], dtype=object)
    return frame


def _unpacked_column(array: pa.ChunkedArray, spec: Mapping[str, Any]) -> Any:
    how, dtype = spec["as"], spec["dtype"]
    if how in {"levels", "categories"}:
        own = pd.Index([_value(v) for v in spec["categories"]], dtype=spec["categories_dtype"])
        codes = array.to_numpy() if how == "categories" else _codes(array, own)
        return pd.Categorical.from_codes(codes, own, ordered=spec["ordered"])
    if how == "dates":
        return array.to_numpy().astype(np.dtype(dtype), copy=False)
    if how == "yes_no":
        found: States = array.cast(pa.int8()).fill_null(-1).to_numpy()
        return pd.arrays.BooleanArray(found == 1, found < 0)
    if how == "answers":
        states: States = array.to_numpy()
        return pd.arrays.BooleanArray(states == 1, states < 0)
    if how == "ticks":
        return array.to_numpy().view(np.dtype(dtype))
    if how == "plain":
        return array.to_numpy().astype(np.dtype(dtype), copy=False)
    # Each different text is one object of Python's: a million of them take more than all numbers.
    encoded = array.dictionary_encode().unify_dictionaries()
    texts = encoded.chunk(0).dictionary.to_pylist() if encoded.num_chunks else []
    different = np.empty(len(texts) + 1, dtype=object)  # the last is None, for what is missing
    for place, text in enumerate(texts):
        different[place] = _value(json.loads(text)) if how == "json" else text
    places = [
        piece.indices.fill_null(-1).to_numpy(zero_copy_only=False) for piece in encoded.chunks
    ]
    values = different[np.concatenate(places)] if places else different[:0]
    return values if dtype == "object" else pd.array(values, dtype=dtype)


def _codes(array: pa.ChunkedArray, own: pd.Index) -> Positions:
    """Positions of levels by their words, -1 where there is none."""
    words = array.cast(pa.string()).to_pandas()
    places = pd.Index(_unlike([str(value) for value in own]), dtype=object)
    codes = places.get_indexer(words)
    if (codes[words.notna().to_numpy()] < 0).any():
        raise ValueError("a level that the dictionary does not have")
    return np.asarray(codes)


def _plain(value: object) -> object:
    """A value as JSON can hold it; what JSON lacks goes by the name of its kind."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is pd.NA:
        return {"missing": "NA"}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, tuple | list):
        name = "tuple" if isinstance(value, tuple) else "list"
        return {name: [_plain(item) for item in value]}
    if isinstance(value, Mapping):
        return {"mapping": {str(key): _plain(item) for key, item in value.items()}}
    raise CohortError(
        f"A column of the cohort holds values of the type {type(value).__name__}, which cannot be "
        "stored; use text, numbers, dates or yes and no."
    )


def _value(stored: object) -> object:
    if not isinstance(stored, dict):
        return stored
    ((kind, held),) = stored.items()
    if kind == "mapping":
        return {key: _value(item) for key, item in held.items()}
    if kind in {"tuple", "list"}:
        return (tuple if kind == "tuple" else list)(map(_value, held))
    return pd.NA if kind == "missing" else float(held)


def _provenance(provenance: Provenance) -> dict[str, Any]:
    # How it was loaded is not kept: what is read back was loaded from here.
    apart = {"truths", "loaded"}
    known = {f.name: getattr(provenance, f.name) for f in fields(provenance) if f.name not in apart}
    truths = [
        {
            "key": truth.key,
            "statement": truth.statement,
            "value": _plain(truth.value),
            "source": truth.source,
            "details": _plain(truth.details),
        }
        for truth in provenance.truths
    ]
    return {**known, "truths": truths}


def _read_provenance(stored: Mapping[str, Any]) -> Provenance:
    truths = tuple(
        PlantedTruth(
            **{**truth, "value": _value(truth["value"]), "details": _value(truth["details"])}
        )
        for truth in stored["truths"]
    )
    derived = tuple(stored.get("derived", ()))
    return Provenance(**{**stored, "truths": truths, "derived": derived})
