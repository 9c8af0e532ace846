"""Cohorts written as study folders and as Parquet with JSON, and read back."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_loaders import Cohort, CohortError, Variable, load_cohort
from data_loaders.cbioportal import load_study, write_study
from data_loaders.cbioportal._writing.clinical import feature_attribute
from data_loaders.cbioportal._writing.genomic import MAX_PANELS, panel_matrix
from data_loaders.cbioportal._writing.text import valid_identifiers
from data_loaders.cbioportal.sidecar import FOLDER
from data_loaders.cbioportal.tsv import read_tsv
from data_loaders.cohort_folder import is_stored_cohort, read_cohort, write_cohort
from tests.builders import OS, make_cohort
from tests.data_loaders.cbioportal_study import write_toy

DEMOS = ("mpn", "mds", "aml")
NASTY = ["a\tb", "a\nb", "\r\n", "#comment", "NA", "nan", "", " ", "null", ".", '"', '"a', "=1+1",
         "Ä ö ß", "日本", "\u2028", "\x00", "1:DECEASED", "a,b;c", "-", "\ufeffx", "𝔸", "0",
         "007"]  # fmt: skip


@pytest.fixture(scope="module", params=DEMOS)
def demo(request: pytest.FixtureRequest) -> Cohort:
    return load_cohort(f"demo:{request.param}")


def assert_same(one: Cohort, other: Cohort) -> None:
    assert one.fingerprint == other.fingerprint
    assert one.name == other.name
    assert one.provenance == other.provenance
    assert one.issues == other.issues
    assert dict(one.variables) == dict(other.variables)
    assert dict(one.endpoints) == dict(other.endpoints)
    for name in ("alterations", "features"):
        left, right = getattr(one, name), getattr(other, name)
        # A table of nothing has no types.
        some = bool(len(left.columns))
        pd.testing.assert_frame_equal(left, right, check_dtype=False, check_column_type=some,
                                      check_index_type=bool(len(left)))  # fmt: skip
    assert list(one.patients.dtypes) == list(other.patients.dtypes)
    assert list(one.patients.index) == list(other.patients.index)


def plain(folder: Path) -> Cohort:
    """What the format itself carries."""
    shutil.rmtree(folder / FOLDER)
    return load_study(folder)


def test_demos_as_parquet_and_json(demo: Cohort, tmp_path: Path):
    folder = write_cohort(demo, tmp_path / "new" / "cohort")
    assert is_stored_cohort(folder)
    assert_same(demo, read_cohort(folder))


def test_demos_as_studies(demo: Cohort, tmp_path: Path):
    """With our subfolder the same; without it, all that the format can carry."""
    folder = write_study(demo, tmp_path / "study")
    assert_same(demo, load_study(folder))
    assert load_study(folder, "Mine").name == "Mine"
    found = plain(folder)
    assert list(found.patients.index) == list(demo.patients.index)
    assert list(found.endpoints) == list(demo.endpoints)
    for key, endpoint in demo.endpoints.items():
        other = found.endpoints[key]
        for own, theirs in (
            (endpoint.time, other.time),
            (endpoint.event, other.event),
            (endpoint.competing, other.competing),
        ):
            assert (own is None) == (theirs is None)
            if own is not None:
                np.testing.assert_array_equal(demo.patients[own], found.patients[theirs])
    genes = demo.features_of_kind(["gene"])
    assert genes
    pd.testing.assert_frame_equal(found.alterations[genes], demo.alterations[genes])
    twins = dict(zip(found.features["source_column"], found.features.index, strict=True))
    cytogenetic = demo.features_of_kind(["cytogenetic"])
    assert cytogenetic
    for name in cytogenetic:
        twin = twins[feature_attribute(name, demo.features.loc[name, "label"], "cytogenetic")]
        pd.testing.assert_series_equal(
            found.alterations[twin], demo.alterations[name], check_names=False
        )
    assert len(found.mutations) >= len(demo.mutations)


def test_the_toy_study_survives_both_ways(tmp_path: Path):
    """Copy numbers, fusions, panels and samples of a study go back to files of their own."""
    cohort = load_study(write_toy(tmp_path / "toy"))
    folder = write_study(cohort, tmp_path / "again")
    assert_same(cohort, load_study(folder))
    assert {"data_cna.txt", "data_sv.txt", "data_mutations.txt"} <= {
        p.name for p in folder.iterdir()
    }
    found = plain(folder)
    for feature in ("JAK2", "TP53", "SRSF2", "ASXL1", "CALR", "RB1 deletion", "MYC amplification",
                    "KMT2A fusion", "PML::RARA", "IKZF1 intragenic deletion"):  # fmt: skip
        pd.testing.assert_series_equal(found.alterations[feature], cohort.alterations[feature])
    assert found.patients["SAMPLE_TYPE"].equals(cohort.patients["SAMPLE_TYPE"])
    np.testing.assert_array_equal(found.patients["os_months"], cohort.patients["os_months"])


def test_an_edited_file_is_believed(tmp_path: Path):
    """The exact copy counts only while the files agree with it."""
    cohort = make_cohort({"os_months": [1.0, 2.0], "os_event": [1.0, 0.0]}, {"TP53": [1, 0]},
                         endpoints=(OS,))  # fmt: skip
    folder = write_study(cohort, tmp_path / "study")
    path = folder / "data_clinical_patient.txt"
    path.write_text(path.read_text().replace("0:LIVING", "1:DECEASED"))
    found = load_study(folder)
    assert found.patients["os_event"].tolist() == [1.0, 1.0]
    assert "changed_since_export" in {issue.code for issue in found.issues}


@pytest.mark.parametrize("damage", ["cohort/patients.parquet", "cohort/cohort.json", "files.json"])
def test_a_damaged_copy_is_set_aside(tmp_path: Path, damage: str):
    cohort = make_cohort({"os_months": [1.0, 2.0], "os_event": [1.0, 0.0]}, {"TP53": [1, 0]},
                         endpoints=(OS,))  # fmt: skip
    folder = write_study(cohort, tmp_path / "study")
    path = folder / FOLDER / damage
    path.write_bytes(path.read_bytes()[:-9])
    found = load_study(folder)
    assert found.patients["os_event"].tolist() == [1.0, 0.0]
    assert found.alterations["TP53"].tolist() == [True, False]


def test_the_files_are_as_the_format_wants_them(demo: Cohort, tmp_path: Path):
    folder = write_study(demo, tmp_path / "study")
    for path in folder.glob("data_*.txt"):
        table = read_tsv(path.name, path.read_bytes())
        assert not table.issues, "no row is short or long"
    for kind in ("patient", "sample"):
        table = read_tsv("x", (folder / f"data_clinical_{kind}.txt").read_bytes())
        assert len(table.comments) == 4
        assert {len(row) for row in table.comments} == {len(table.header)}
        assert set(table.comments[2]) <= {"STRING", "NUMBER", "BOOLEAN"}
        assert all(re.fullmatch(r"[A-Z0-9_]+", name) for name in table.header)
        assert table.header[0] == "PATIENT_ID"
    status = read_tsv("x", (folder / "data_clinical_patient.txt").read_bytes()).raw()
    assert set(status.columns["OS_STATUS"].texts) == {"1:DECEASED", "0:LIVING"}
    ids = {line.split(": ", 1)[1] for path in folder.glob("meta_*.txt")
           for line in path.read_text().splitlines()
           if line.startswith("cancer_study_identifier")}  # fmt: skip
    assert len(ids) == 1
    lists = {path.name for path in (folder / "case_lists").iterdir()}
    assert {"cases_all.txt", "cases_sequenced.txt"} <= lists
    assert "Synthetic data." in (folder / "meta_study.txt").read_text()


def test_who_was_not_tested_is_not_in_the_case_list(tmp_path: Path):
    cohort = make_cohort({"AGE": [1.0, 2.0, 3.0]}, {"TP53": [1, 0, None], "JAK2": [None, 0, None]})
    folder = write_study(cohort, tmp_path / "study")
    listed = (folder / "case_lists" / "cases_sequenced.txt").read_text()
    assert "case_list_ids: P1\tP2\n" in listed
    matrix = read_tsv("x", (folder / "data_gene_panel_matrix.txt").read_bytes()).raw()
    assert matrix.columns["mutations"].objects()[2] is None
    pd.testing.assert_frame_equal(
        plain(folder).alterations[["TP53", "JAK2"]], cohort.alterations, check_names=False
    )


def test_thousands_of_patterns_lose_tests_but_make_none_up():
    rng = np.random.default_rng(1)
    n, genes = 700, [f"G{i}" for i in range(12)]
    states = rng.choice([1, 0, None], size=(n, len(genes)), p=[0.2, 0.5, 0.3])
    cohort = make_cohort({"x": [0.0] * n}, {g: list(states[:, i]) for i, g in enumerate(genes)})
    matrix = panel_matrix(cohort, {g: {g} for g in genes}, "p")
    assert len(matrix.genes) == MAX_PANELS
    tested = np.stack([
        [gene in matrix.genes.get(panel, ()) for gene in genes] for panel in matrix.panel_of
    ])  # fmt: skip
    really = cohort.alterations.notna().to_numpy()
    assert not (tested & ~really).any()
    assert tested.sum() > 0.5 * really.sum()


nasty = st.one_of(
    st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
)
CELLS: dict[str, st.SearchStrategy[object]] = {
    "float": st.floats(allow_nan=True),
    "text": st.one_of(st.none(), nasty),
    "category": st.one_of(st.none(), nasty),
    "date": st.one_of(st.none(), st.dates()),
    "int": st.integers(-(2**53), 2**53),
    "bool": st.booleans(),
    "mixed": st.one_of(st.none(), nasty, st.integers(-9, 9), st.booleans()),
    "nullable": st.one_of(st.none(), st.booleans()),
}
FEATURES = [
    "TP53", "JAK2_V617F", "del(5q)", "20q-", "+8", "-7", "RB1 deletion", "MYC amplification",
    "KMT2A fusion", "PML::RARA", "FLT3-ITD", "a\tb", "#x", "NA", "IKZF1 intragenic deletion",
]  # fmt: skip
GENES = {"TP53", "a\tb", "#x", "NA"}


@st.composite
def cohorts(draw: st.DrawFn) -> Cohort:
    """Cohorts of every type of column, with names and words that break text files."""
    n = draw(st.integers(1, 4))
    index = draw(st.lists(nasty, min_size=n, max_size=n, unique=True))
    columns = draw(st.lists(nasty, max_size=4, unique=True))
    data = {}
    for name in columns:
        kind = draw(st.sampled_from(sorted(CELLS)))
        values = [draw(CELLS[kind]) for _ in range(n)]
        data[name] = _column(kind, values)
    tags = draw(st.lists(st.sampled_from(FEATURES), max_size=5, unique=True))
    answers = st.lists(st.sampled_from([1, 0, None]), min_size=n, max_size=n)
    states = {name: draw(answers) for name in tags}
    times = draw(st.lists(st.floats(0, 400), min_size=n, max_size=n))
    kinds = {tag: "gene" if tag in GENES else "cytogenetic" for tag in tags}
    outcomes = {"os_months": times, "os_event": [1.0] * n}
    base = make_cohort(outcomes, states, endpoints=(OS,), kinds=kinds)
    ids = pd.Index(index, name="patient_id", dtype=object)
    patients = base.patients.set_axis(ids)
    for name, column in data.items():
        patients[name] = pd.Series(column, index=ids)
    rows = draw(st.lists(st.tuples(st.sampled_from(index), nasty, nasty), max_size=3))
    mutations = pd.DataFrame(
        {
            "patient_id": pd.Series([row[0] for row in rows], dtype=object),
            "gene": pd.Series([row[1] for row in rows], dtype=object),
            "protein_change": pd.Series([row[2] for row in rows], dtype=object),
            "variant_class": pd.Series(["missense"] * len(rows), dtype=object),
            "vaf": np.full(len(rows), 0.1),
            "a\tcolumn": pd.Categorical([row[2] for row in rows]),
        }
    )
    variables = {str(name): Variable(str(name), draw(nasty), "text", levels=(draw(nasty),))
                 for name in columns}  # fmt: skip
    return replace(
        base, name=draw(nasty), patients=patients, variables=variables, mutations=mutations,
        alterations=base.alterations.set_axis(ids),
    )  # fmt: skip


def _column(kind: str, values: list[object]) -> object:
    if kind == "category":
        return pd.Categorical(values, ordered=True)
    if kind == "date":
        return np.array(values, dtype="datetime64[s]")
    if kind == "nullable":
        return pd.array(values, dtype="boolean")
    if kind in {"float", "int", "bool"}:
        return np.array(values)
    return np.array([*values, None], dtype=object)[:-1]


@settings(max_examples=40, deadline=None)
@given(cohorts())
def test_any_cohort_comes_back_from_parquet_and_json(cohort: Cohort):
    with tempfile.TemporaryDirectory() as place:
        assert_same(cohort, read_cohort(write_cohort(cohort, Path(place) / "cohort")))


@settings(max_examples=40, deadline=None)
@given(cohorts())
def test_any_cohort_comes_back_from_a_study_and_makes_sense_without_the_copy(cohort: Cohort):
    with tempfile.TemporaryDirectory() as place:
        folder = write_study(cohort, Path(place) / "study")
        assert_same(cohort, load_study(folder))
        found = plain(folder)
    assert found.n == cohort.n
    assert len(set(found.patients.index)) == cohort.n
    np.testing.assert_array_equal(found.patients["os_months"], cohort.patients["os_months"])
    for feature in ("TP53", "KMT2A fusion", "PML::RARA", "RB1 deletion", "MYC amplification"):
        if feature in cohort.alterations and cohort.alterations[feature].any():
            own, theirs = cohort.alterations[feature], found.alterations[feature]
            assert own[own.notna()].tolist() == theirs[own.notna().to_numpy()].tolist()


@given(st.lists(nasty, unique=True, max_size=20))
def test_identifiers_become_valid_and_stay_different(names: list[str]):
    valid = valid_identifiers(names)
    assert len(set(valid)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in valid)
    assert not {"na", "nan", "null", "."} & {name.lower() for name in valid}
    kept = [(n, v) for n, v in zip(names, valid, strict=True) if re.fullmatch(r"[A-Z0-9_-]{4,}", n)]
    assert all(n == v for n, v in kept if n != "NULL")


def test_nothing_is_overwritten(tmp_path: Path):
    cohort = make_cohort({"AGE": [1.0]})
    (tmp_path / "empty").mkdir()
    for write in (write_cohort, write_study):
        folder = write(cohort, tmp_path / write.__name__)
        with pytest.raises(CohortError, match="exists already; choose a new or empty folder"):
            write(cohort, folder)
    write_cohort(cohort, tmp_path / "empty")
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(CohortError, match="exists already"):
        write_study(cohort, file)
    with pytest.raises(CohortError, match="cannot be written"):
        write_study(cohort, file / "below")
    assert not list(tmp_path.rglob(".writing_*"))


def test_what_cannot_be_stored_is_said(tmp_path: Path):
    cohort = make_cohort({"x": [1j, 2j]})
    with pytest.raises(CohortError, match="values of the type complex, which cannot be stored"):
        write_cohort(cohort, tmp_path / "cohort")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda f: (f / "cohort.json").unlink(), "cohort.json is not there"),
        (lambda f: (f / "cohort.json").write_text("{"), "cohort.json cannot be read"),
        (lambda f: (f / "cohort.json").write_text("[" * 10**5), "cohort.json cannot be read"),
        (lambda f: (f / "cohort.json").write_text("{}"), "not that of a stored cohort"),
        (lambda f: (f / "patients.parquet").unlink(), "patients.parquet of the stored cohort"),
        (lambda f: (f / "patients.parquet").write_bytes(b"PAR1"), "is damaged"),
        (lambda f: _change(f, version=99), "another version"),
        (lambda f: _change(f, rows={"patients": 1}), "is incomplete"),
        (lambda f: _change(f, features={}), "is incomplete"),
        (lambda f: _change(f, endpoints=[{"key": "os"}]), "is incomplete"),
        (lambda f: _change(f, patients=["A", "A"]), "unique index"),
        (lambda f: _change(f, patients=["A", "B"]), "changed or damaged"),
        (lambda f: _change(f, columns="x"), "is incomplete"),
        (lambda f: _change(f, variables=[]), "changed or damaged"),
    ],
)  # fmt: skip
def test_stored_cohorts_that_were_changed_are_refused(tmp_path: Path, change, sentence: str):
    cohort = make_cohort({"AGE": [1.0, 2.0]}, {"TP53": [1, None]},
                         variables=(Variable("AGE", "Age", "numeric"),))  # fmt: skip
    folder = write_cohort(cohort, tmp_path / "cohort")
    change(folder)
    with pytest.raises(CohortError) as caught:
        read_cohort(folder)
    assert sentence in str(caught.value)


def _change(folder: Path, **parts: object) -> None:
    file = folder / "cohort.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **parts}))


def test_a_cohort_of_nobody(tmp_path: Path):
    """A selection may leave nobody; it is stored all the same."""
    demo = load_cohort("demo:aml")
    nobody = demo.subset(np.zeros(demo.n, dtype=bool))
    assert_same(nobody, read_cohort(write_cohort(nobody, tmp_path / "stored")))
    assert_same(nobody, load_study(write_study(nobody, tmp_path / "study")))


@pytest.mark.shared
def test_a_published_cohort_as_a_study(public_cohorts: Path, tmp_path: Path):
    """The MDS cohort of Bernard 2022: 457 features, 9,000 variants, joined from four tables."""
    cohort = load_cohort(public_cohorts / "mds_iwg_2022")
    folder = write_study(cohort, tmp_path / "study")
    assert_same(cohort, load_study(folder))
    found = plain(folder)
    parts = cohort.features["label"].str.extract(r"^(\w+)-(?:ITD|PTD)$")[0].dropna()
    for gene in cohort.features_of_kind(["gene"]):
        expected = cohort.alterations[gene]
        for part in parts.index[parts == gene]:
            # In a list of mutations a duplication is one of the gene, whatever the matrix says.
            expected = expected | cohort.alterations[part]
        if gene in found.alterations and not gene.endswith("_any"):
            pd.testing.assert_series_equal(found.alterations[gene], expected, check_names=False)
    assert {"FLT3", "TP53", "TET2"} <= set(found.alterations)
    np.testing.assert_array_equal(found.patients["os_months"], cohort.patients["os_months"])
    np.testing.assert_array_equal(found.patients["os_event"], cohort.patients["os_event"])
