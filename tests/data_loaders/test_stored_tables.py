"""Saved cohorts are tables that other programs read, and still give exactly the same cohort."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from data_loaders import Cohort, CohortError, load_cohort
from data_loaders.cohort_folder import COHORT_FILE, read_cohort, write_cohort
from data_loaders.demo import load_demo
from data_loaders.model import Loading

HOSTILE = ["a.b", "A.B", "", " ", "patient_id", "c0", "x\x00y", "=1+1", "tab\tname", "é/\\"]


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return load_demo("mpn", n=60)


def odd(cohort: Cohort) -> Cohort:
    """With every kind of column, under names that files do not like."""
    n = cohort.n
    columns = {
        "a.b": np.arange(n) / 7,
        "A.B": pd.Categorical(["low", None, "high"] * (n // 3), ["low", "high"], ordered=True),
        "": pd.Categorical([1.5, 2.5, None] * (n // 3)),
        " ": pd.array([True, None, False] * (n // 3), dtype="boolean"),
        "patient_id": np.array(["2020-01-01", "NaT", "1999-12-31"] * (n // 3), "datetime64[ns]"),
        "c0": np.array([1, "NaT", 3] * (n // 3), "timedelta64[s]"),
        "x\x00y": ["t", None, "é\n"] * (n // 3),
        "=1+1": np.arange(n, dtype=np.int16),
        "tab\tname": pd.Series([("a", 1), None, ("b",)] * (n // 3), dtype=object).to_numpy(),
        "é/\\": pd.Categorical([1, "1", None] * (n // 3)),
    }
    frame = pd.DataFrame(columns, index=cohort.patients.index)
    assert list(frame) == HOSTILE
    return replace(cohort, patients=pd.concat([cohort.patients, frame], axis=1))


def test_pandas_reads_names_identifiers_and_values(cohort: Cohort, tmp_path: Path):
    folder = write_cohort(cohort, tmp_path / "saved")
    patients = pd.read_parquet(folder / "patients.parquet")
    assert list(patients) == ["patient_id", *cohort.patients]
    assert patients["patient_id"].tolist() == list(cohort.patients.index)
    assert patients["diagnosis"].astype(str).tolist() == (
        cohort.patients["diagnosis"].astype(str).tolist()
    )
    assert patients["os_months"].tolist() == cohort.patients["os_months"].tolist()
    alterations = pd.read_parquet(folder / "alterations.parquet").set_index("patient_id")
    assert list(alterations) == list(cohort.alterations)
    found = alterations.astype("boolean")
    assert found.equals(cohort.alterations.set_axis(found.index))
    mutations = pd.read_parquet(folder / "mutations.parquet")
    assert list(mutations) == list(cohort.mutations)
    # No program's own words about indices: any reader gets the same columns.
    schema = pyarrow.parquet.read_schema(folder / "patients.parquet")
    assert b"pandas" not in (schema.metadata or {})


def test_any_name_and_any_kind_comes_back_equal(cohort: Cohort, tmp_path: Path):
    before = odd(cohort)
    folder = write_cohort(before, tmp_path / "odd")
    after = read_cohort(folder)
    assert after.fingerprint == before.fingerprint
    for name in HOSTILE:
        assert after.patients[name].dtype == before.patients[name].dtype, name
        pd.testing.assert_series_equal(after.patients[name], before.patients[name])
    table = pd.read_parquet(folder / "patients.parquet")
    assert table.columns.is_unique
    assert table["A.B (2)"].tolist()[:3] == ["low", None, "high"] or table["A.B (2)"].isna()[1]
    assert str(table["patient_id (2)"].iloc[0])[:10] == "2020-01-01"
    assert load_cohort(folder).fingerprint == before.fingerprint


def as_version_1(folder: Path) -> None:
    """Rewrite a folder as the version before wrote it: numbers for everything, c0, c1, ..."""
    description = json.loads((folder / COHORT_FILE).read_text(encoding="utf-8"))
    description["version"] = 1
    for name, specs in description["columns"].items():
        table = pyarrow.parquet.read_table(folder / f"{name}.parquet")
        arrays = []
        for place, spec in enumerate(specs, int(name != "mutations")):
            column = table.column(place).combine_chunks()
            if spec["as"] == "levels":
                spec["as"] = "categories"
                words = column.cast(pa.string()).to_pylist()
                places = {str(value): i for i, value in enumerate(spec["categories"])}
                column = pa.array([places.get(word, -1) for word in words], pa.int32())
            elif spec["as"] == "yes_no":
                spec["as"] = "answers"
                column = pa.array([-1 if v is None else int(v) for v in column.to_pylist()],
                                  pa.int8())  # fmt: skip
            arrays.append(column)
        names = [f"c{i}" for i in range(len(arrays))]
        pyarrow.parquet.write_table(pa.table(arrays, names=names), folder / f"{name}.parquet")
    (folder / COHORT_FILE).write_text(json.dumps(description), encoding="utf-8")


def test_what_the_version_before_wrote_still_opens(cohort: Cohort, tmp_path: Path):
    folder = write_cohort(cohort, tmp_path / "old")
    as_version_1(folder)
    assert "c0" in pd.read_parquet(folder / "patients.parquet").columns
    assert read_cohort(folder).fingerprint == cohort.fingerprint


def test_stated_inputs_of_scores_are_part_of_it(cohort: Cohort, tmp_path: Path):
    stated = {"scores": {"hb": {"column": "hemoglobin_g_dl", "unit": "g/dL"}}}
    own = cohort.loaded_by(Loading("file", ("a.csv",), mapping=stated))
    back = load_cohort(write_cohort(own, tmp_path / "own"))
    assert back.fingerprint == own.fingerprint != cohort.fingerprint
    assert dict(back.stated_scores) == stated["scores"]


def test_a_changed_level_is_refused(cohort: Cohort, tmp_path: Path):
    folder = write_cohort(cohort, tmp_path / "changed")
    file = folder / "patients.parquet"
    table = pyarrow.parquet.read_table(file)
    place = table.column_names.index("diagnosis")
    changed = table.set_column(place, "diagnosis", pa.array(["XX"] * cohort.n))
    pyarrow.parquet.write_table(changed, file)
    with pytest.raises(CohortError, match=r"incomplete|changed or damaged"):
        read_cohort(folder)
