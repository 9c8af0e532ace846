"""A cohort knows by which door it came, of which files, and under which mapping."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from data_loaders import load_cohort
from data_loaders.cbioportal._writing.study import write_study
from data_loaders.cohort_folder import read_cohort, write_cohort
from data_loaders.uploads import load_upload

TABLE = b"ID,os_months,os_event,age,note\n" + b"".join(
    f"P{i},{i + 1},{i % 2},{40 + i},n{i}\n".encode() for i in range(12)
)
GENES = b"ID,TP53,NPM1\n" + b"".join(f"P{i},{i % 2},{i % 3 == 0:d}\n".encode() for i in range(12))
STATED = {"columns": {"age": {"label": "Age at entry"}}, "ignore": ["note"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "mine"
    place.mkdir()
    (place / "clinical.csv").write_bytes(TABLE)
    (place / "genes.csv").write_bytes(GENES)
    return place


def test_local_files_are_named_without_their_folder(folder: Path):
    one = load_cohort(folder / "clinical.csv", mapping=STATED).provenance.loaded
    assert one is not None
    assert (one.way, one.files, one.arguments) == ("file", ("clinical.csv",), {})
    assert one.mapping == STATED
    both = load_cohort(folder / "clinical.csv", mutations=folder / "genes.csv").provenance.loaded
    assert both is not None
    assert (both.way, both.files) == ("files", ("clinical.csv", "genes.csv"))
    assert both.arguments == {"mutations": ["genes.csv"]}
    whole = load_cohort(folder).provenance.loaded
    assert whole is not None
    assert (whole.way, whole.files, whole.mapping) == ("folder", ("mine",), {})
    assert str(folder) not in repr((one, both, whole))


def test_what_is_recorded_gives_the_same_cohort_again(folder: Path):
    cohort = load_cohort(folder / "clinical.csv", mutations=folder / "genes.csv", mapping=STATED)
    loaded = cohort.provenance.loaded
    assert loaded is not None
    mapping = json.loads(json.dumps(dict(loaded.mapping)))
    first, *_ = loaded.files
    said = {key: [folder / name for name in names] for key, names in loaded.arguments.items()}
    again = load_cohort(folder / first, mapping=mapping, **said)
    assert again.fingerprint == cohort.fingerprint


def test_a_mapping_that_lies_beside_the_table_is_named(folder: Path):
    (folder / "clinical.mapping.json").write_text(json.dumps(STATED))
    cohort = load_cohort(folder / "clinical.csv")
    assert cohort.provenance.loaded is not None
    assert cohort.provenance.loaded.mapping_file == "clinical.mapping.json"
    (finding,) = [issue for issue in cohort.issues if issue.code == "mapping_used"]
    assert "clinical.mapping.json was found with the data" in finding.sentence
    (folder / "clinical.mapping.json").unlink()
    assert not [i for i in load_cohort(folder / "clinical.csv").issues if i.code == "mapping_used"]


def test_uploads_by_their_ways():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("in/clinical.csv", TABLE)
        archive.writestr("in/genes.csv", GENES)
    loaded = {
        "file": load_upload({"clinical.csv": TABLE}, STATED),
        "files": load_upload({"clinical.csv": TABLE, "genes.csv": GENES}),
        "archive": load_upload({"all.zip": packed.getvalue()}, STATED),
    }
    for way, cohort in loaded.items():
        record = cohort.provenance.loaded
        assert record is not None
        assert record.way == way
    assert loaded["archive"].provenance.loaded.files == ("all.zip",)
    assert loaded["archive"].provenance.loaded.mapping == STATED
    assert loaded["archive"].variables["age"].label == "Age at entry"


def test_a_study_takes_a_mapping_in_a_folder_and_as_an_upload(folder: Path, tmp_path: Path):
    cohort = load_cohort(folder)
    study = write_study(cohort, tmp_path / "study")
    files = {
        f"study/{p.relative_to(study)}": p.read_bytes() for p in study.rglob("*") if p.is_file()
    }
    name = next(n for n in load_cohort(study).variables if n.lower() == "age")
    stated = {"columns": {cohort_column(files, name): {"label": "Age at entry"}}}
    for again in (load_cohort(study, mapping=stated), load_upload(files, stated)):
        assert again.provenance.loaded is not None
        assert again.provenance.loaded.way == "study"
        assert again.provenance.loaded.mapping == stated
        assert "Age at entry" in {v.label for v in again.variables.values()}


def cohort_column(files: dict[str, bytes], name: str) -> str:
    text = next(v for k, v in files.items() if k.endswith("data_clinical_patient.txt")).decode()
    header = next(line for line in text.splitlines() if not line.startswith("#")).split("\t")
    return next(column for column in header if column.lower().startswith(name))


def test_the_record_is_no_part_of_what_a_cohort_is(folder: Path, tmp_path: Path):
    cohort = load_cohort(folder)
    bare = replace(cohort, provenance=replace(cohort.provenance, loaded=None))
    assert bare.fingerprint == cohort.fingerprint
    assert bare.provenance == cohort.provenance
    back = read_cohort(write_cohort(cohort, tmp_path / "kept"))
    assert back.provenance.loaded is None
    stored = load_cohort(tmp_path / "kept").provenance.loaded
    assert stored is not None
    assert (stored.way, stored.files) == ("stored", ("kept",))


def test_a_demo_says_so():
    loaded = load_cohort("demo:aml").provenance.loaded
    assert loaded is not None
    assert (loaded.way, loaded.files) == ("demo", ("demo:aml",))


def test_the_only_mapping_of_a_folder_or_an_upload_is_used_and_named(folder: Path):
    text = json.dumps(STATED)
    (folder / "any.mapping.json").write_text(text)
    files = {p.name: p.read_bytes() for p in folder.iterdir()}
    for cohort in (load_cohort(folder), load_upload(files)):
        assert cohort.provenance.loaded is not None
        assert cohort.provenance.loaded.mapping_file == "any.mapping.json"
        assert "any.mapping.json" in "".join(i.sentence for i in cohort.issues)
        assert not [i for i in cohort.issues if i.code == "file_left_out"]
        assert "note" not in cohort.variables
    (folder / "other.mapping.json").write_text(text)
    cohort = load_cohort(folder)
    assert "note" in cohort.variables
    assert any("other.mapping.json" in i.sentence for i in cohort.issues)
