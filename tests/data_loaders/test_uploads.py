"""What a browser sends: a table, tables together, studies, saved cohorts, archives of them."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from data_loaders import CohortError, load_cohort
from data_loaders.cbioportal import write_study
from data_loaders.cohort_folder import write_cohort
from data_loaders.demo import load_demo
from data_loaders.uploads import load_upload

CLINICAL = b"patient_id,age_years,os_months,os_event\n" + b"".join(
    f"P{i},{40 + i},{i + 1},{i % 2}\n".encode() for i in range(30)
)
GENES = b"patient_id,TP53,ASXL1\n" + b"".join(
    f"P{i},{i % 3 == 0:d},{i % 5 == 0:d}\n".encode() for i in range(30)
)


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        f"{folder.name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def zipped(files: dict[str, bytes]) -> dict[str, bytes]:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return {"all.zip": held.getvalue()}


def test_one_table_and_tables_together():
    assert load_upload({"clinical.csv": CLINICAL}).n == 30
    both = load_upload({"in/clinical.csv": CLINICAL, "in/genes.csv": GENES})
    assert both.alterations["TP53"].sum() == 10
    assert load_upload(zipped({"a/clinical.csv": CLINICAL, "a/genes.csv": GENES})).n == 30


def test_a_mapping_travels_with_the_table():
    mapping = {"columns": {"age_years": {"label": "Age then"}}}
    cohort = load_upload(
        {"clinical.csv": CLINICAL, "clinical.mapping.json": json.dumps(mapping).encode()}
    )
    assert cohort.variables["age_years"].label == "Age then"
    other = load_upload({"clinical.csv": CLINICAL}, {"ignore": ["age_years"]})
    assert "age_years" not in other.variables


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_study_and_a_saved_cohort_come_back_equal(tmp_path: Path, wrapped: bool):
    demo = load_demo("mpn", n=150)
    write_study(demo, tmp_path / "study")
    write_cohort(demo, tmp_path / "saved")
    for folder in (tmp_path / "study", tmp_path / "saved"):
        files = files_of(folder)
        cohort = load_upload(zipped(files) if wrapped else files)
        assert cohort.fingerprint == demo.fingerprint
        assert load_cohort(folder).fingerprint == demo.fingerprint


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"x.mapping.json": b"{}"}, "Only a mapping was given"),
        ({"c.csv": CLINICAL, "x.mapping.json": b"{"}, "not valid JSON"),
        ({"c.csv": CLINICAL, "x.mapping.json": b"[]"}, "one JSON object"),
        (
            {"c.csv": CLINICAL, "x.mapping.json": b"{}", "y.mapping.json": b"{}"},
            "two mappings",
        ),
        ({"a/c.csv": CLINICAL, "b/c.csv": CLINICAL}, "same name"),
        ({"x.zip": b"PK\x03\x04 not really"}, "damaged or encrypted"),
        (zipped({"../../etc/passwd": b"x"}), "outside itself"),
        (zipped({".hidden": b"x"}), "holds no file"),
        ({"meta_study.txt": b"type_of_cancer: aml\n"}, "clinical"),
        ({"cohort.json": b"{}", "patients.parquet": b""}, ""),
    ],
)
def test_what_cannot_be_loaded_is_answered_in_a_sentence(files: dict[str, bytes], said: str):
    with pytest.raises(CohortError) as error:
        load_upload(files)
    sentence = str(error.value)
    assert said in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_an_archive_cannot_unpack_without_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("data_loaders.uploads.MAX_FILE_BYTES", 2**20)
    with pytest.raises(CohortError, match="unpacks to more than 1 MiB"):
        load_upload(zipped({"zeros.csv": b"0" * 2**21}))


def test_nothing_is_left_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    demo = load_demo("mpn", n=60)
    load_upload(files_of(write_study(demo, tmp_path / "study")))
    assert not list((tmp_path / "temp").iterdir())


def test_a_frame_read_back_has_the_same_patients():
    cohort = load_upload({"clinical.csv": CLINICAL})
    frame = pd.read_csv(io.BytesIO(CLINICAL))
    assert list(cohort.patients.index) == list(frame["patient_id"])


def test_a_mapping_beside_the_file_is_used_in_code_too(tmp_path: Path):
    path = tmp_path / "clinical.csv"
    path.write_bytes(CLINICAL)
    assert load_cohort(path).variables["age_years"].label != "Age then"
    beside = tmp_path / "clinical.mapping.json"
    beside.write_text(json.dumps({"columns": {"age_years": {"label": "Age then"}}}))
    assert load_cohort(path).variables["age_years"].label == "Age then"
    assert "age_years" not in load_cohort(path, mapping={"ignore": ["age_years"]}).variables
    beside.write_text("{")
    with pytest.raises(CohortError, match="is not valid JSON"):
        load_cohort(path)
