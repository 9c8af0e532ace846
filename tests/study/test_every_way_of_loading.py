"""Scripts of every view run for every way of loading and print what the view shows.

They run as their reader would run them, in a folder with nothing but the files they ask for: for
each kind of file and every database in an interpreter that starts from nothing.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import psycopg
import pytest

from app.cohort.derived import Derived, DerivedEndpoint, stated_derived, with_derived
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.study.analyses import answer_to
from app.study.answer import methods_text
from app.study.question import Question
from app.study.scripts.loading import DATABASE_ADDRESS, QUERY_FILE, loading_lines
from app.study.scripts.question import question_script
from app.study.story import Step, Story, answered, opened
from app.views.data._archive import cohort_archive
from data_loaders import Cohort, CohortError, Provenance, combine, load_cohort
from data_loaders.cbioportal import write_study
from data_loaders.cbioportal.api import load_from_api
from data_loaders.settings import CACHE
from data_loaders.uploads import load_upload, read_beside
from tests.data_loaders import cbioportal_server, postgres
from tests.study.every_view import VIEWS, genes, maf, numbers, patients
from tests.study.reproduce import check_tables, run_alone, run_warm

_TABLE = "CREATE TABLE patients AS SELECT * FROM read_csv('{path}')"


def check(
    cohort: Cohort,
    folder: Path,
    views: list[str],
    *,
    run: Callable[..., dict[str, str]] = run_alone,
    **environment: str,
) -> None:
    """Run the scripts of the views and compare with what the views show."""
    assert cohort.provenance.loaded is not None
    made = {name: VIEWS[name](cohort) for name in views}
    ids = set(map(str, cohort.patients.index))
    for name, (script, _) in made.items():
        assert str(folder) not in script, name
        if not cohort.provenance.synthetic:
            assert ids.isdisjoint(re.findall(r"[\w-]+", script)), name
    printed = run({name: script for name, (script, _) in made.items()}, folder, **environment)
    for name, (_, shown) in made.items():
        assert "FAILED" not in printed[name], printed[name]
        assert "Note: the data are not" not in printed[name], name
        held = numbers(printed[name])
        assert len(shown), name
        for value in shown:
            close = np.abs(held - value) <= 1e-9 * max(abs(value), 1e-300)
            assert close.any() or not np.isfinite(value), (name, value)


@pytest.fixture(scope="module")
def tables() -> dict[str, bytes]:
    """The clinical table, the list of variants, and both as one wide table."""
    clinical, calls = patients(), genes()
    return {
        "clinical.csv": clinical.to_csv(index=False).encode(),
        "variants.maf": maf(clinical["patient_id"], calls).to_csv(sep="\t", index=False).encode(),
        "wide.csv": pd.concat([clinical, calls], axis=1).to_csv(index=False).encode(),
    }


# The search for subgroups compiles for half a minute, so it runs for one way of loading.
QUICK = [name for name in VIEWS if name != "subgroups"]
# A script is the lines that load and the lines that ask. Those that ask are all run for several
# files and for a demo; where only the loading is another, a few show that the cohort is the same.
FEW = ["curves", "models", "two_cohorts", "frequencies", "lanes"]


def put(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def zipped(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def test_one_file(tables: dict[str, bytes], tmp_path: Path):
    files = {"it's (1) é.csv": tables["wide.csv"]}
    put(tmp_path, files)
    check(load_upload(files), tmp_path, FEW)
    # A mapping that was saved beside it later is not that of the result.
    (tmp_path / "it's (1) é.mapping.json").write_text('{"ignore": ["age_years"]}')
    check(load_upload(files), tmp_path, ["curves"], run=run_warm)


def test_combined_cohorts(tables: dict[str, bytes], tmp_path: Path):
    files = {"wide.csv": tables["wide.csv"]}
    put(tmp_path, files)
    parts = [load_upload(files), load_cohort("demo:mds")]
    whole = combine([parts[0], combine([parts[1], load_cohort("demo:aml")])], ["Ours", "Demos"])
    whole = combine([whole, load_cohort("demo:mpn")], name="All of them")
    check(whole, tmp_path, ["curves"], run=run_warm)
    assert whole.name == "All of them"
    nobody_knows = replace(parts[0], provenance=Provenance("a program"))
    assert combine([nobody_knows, parts[1]]).provenance.loaded is None


def test_several_files(tables: dict[str, bytes], tmp_path: Path):
    files = {name: tables[name] for name in ("clinical.csv", "variants.maf")}
    put(tmp_path, files)
    check(load_upload(files), tmp_path, list(VIEWS))


def test_an_archive_with_a_mapping_that_was_corrected_since(
    tables: dict[str, bytes], tmp_path: Path
):
    inner = {f"study one/{name}": tables[name] for name in ("clinical.csv", "variants.maf")}
    inner["study one/clinical.mapping.json"] = b'{"ignore": ["hb_g_per_l"]}'
    files = {"all of it.zip": zipped(inner)}
    put(tmp_path, files)
    first = load_upload(files)
    assert "hb_g_per_l" not in first.variables
    check(first, tmp_path, ["curves", "models"])
    mapping = {"columns": {"hb_g_per_l": {"label": 'Haemoglobin\'s "level"', "unit": "g/L"}}}
    second = load_upload(files, mapping)
    assert second.fingerprint != first.fingerprint
    check(second, tmp_path, [*FEW, "fractions"], run=run_warm)


def test_a_corrected_mapping(tables: dict[str, bytes], tmp_path: Path):
    frame = pd.read_csv(io.BytesIO(tables["wide.csv"]))
    frame = frame.rename(columns={"os_months": "fu_a", "os_event": "state", "TP53": "flag_53"})
    frame["state"] = frame["state"].map({1: "gone", 0: "here"})
    files = {"registry.csv": frame.to_csv(index=False).encode()}
    put(tmp_path, files)
    stated = {
        "endpoints": {"os": {"time": "fu_a", "unit": "months", "event": "state",
                             "event_value": "gone"}},
        "columns": {"age_years": {"label": "Age"}},
        "alterations": ["flag_53"],
    }  # fmt: skip
    cohort = load_upload(files, stated)
    assert "flag_53" in set(cohort.features["source_column"])
    check(cohort, tmp_path, ["curves", "similar", "lanes"], run=run_warm)


def test_a_folder_and_named_files(tables: dict[str, bytes], tmp_path: Path):
    files = {name: tables[name] for name in ("clinical.csv", "variants.maf")}
    put(tmp_path / "my folder", files)
    check(load_cohort(tmp_path / "my folder"), tmp_path, ["curves", "variants", "two_cohorts"])
    beside = tmp_path / "beside"
    put(beside, files)
    named = load_cohort(beside / "variants.maf", clinical=beside / "clinical.csv")
    check(named, beside, ["curves", "variants"], run=run_warm)
    sent = load_upload({f"my folder/{name}": content for name, content in files.items()})
    check(sent, tmp_path, ["curves", "variants"], run=run_warm)
    listed = load_cohort(beside / "clinical.csv", variants=[beside / "variants.maf"])
    check(listed, beside, ["curves", "fractions"], run=run_warm)


def test_a_study_and_a_saved_cohort(tables: dict[str, bytes], tmp_path: Path):
    cohort = load_upload({name: tables[name] for name in ("clinical.csv", "variants.maf")})
    study = write_study(cohort, tmp_path / "a" / "study_x")
    check(load_cohort(study), study.parent, ["curves", "frequencies", "two_cohorts"])
    assert "load_cohort('study_x')" in loading_lines(load_cohort(study)).lines
    files = {
        path.relative_to(study.parent).as_posix(): path.read_bytes()
        for path in study.rglob("*") if path.is_file()
    }  # fmt: skip
    sent = load_upload(files)
    check(sent, study.parent, [*FEW, "variants"], run=run_warm)
    assert loading_lines(sent).beside == ("study_x",)
    saved = {"saved cohort.zip": cohort_archive(cohort, "tables")}
    put(tmp_path / "b", saved)
    again = load_upload(saved)
    assert again.fingerprint == cohort.fingerprint
    check(again, tmp_path / "b", [*FEW, "variants"], run=run_warm)


def test_what_was_derived(tables: dict[str, bytes], tmp_path: Path):
    """Variables, an alteration and an endpoint: stated in the mapping, and of a saved cohort."""
    definitions = [
        Derived("Haemoglobin, g/dL", "hb_g_per_l / 10", unit="g/dL"),
        Derived("Age class", "cut(age_years, 60)", missing="unknown"),
        Derived("TP53 or ASXL1", "TP53 or ASXL1", kind="alteration"),
        DerivedEndpoint("Death from month 3", "os", start="3"),
    ]
    files = {"wide.csv": tables["wide.csv"]}
    stated = {"ignore": ["transplant_months"], "derived": [one.to_dict() for one in definitions]}
    loaded = load_upload(files, stated)
    cohort = with_derived(loaded, stated_derived(loaded))
    put(tmp_path, files)
    question = Question(
        "upload:a", cohort.fingerprint, "survival.curves",
        filter=Filter.from_dict({"column": "Haemoglobin, g/dL", "between": [7, None]}),
        grouping=GroupingSpec.parse("alteration:TP53 or ASXL1"),
        derived=cohort.provenance.derived,
        settings={"endpoint_key": "death_from_month_3"},
    )  # fmt: skip
    # A question brings its definitions along: the loaded cohort answers it as the derived one does.
    answer = answer_to(Question.from_dict(question.to_dict()), loaded)
    selection = question.filter.apply(cohort)
    told = methods_text(answer, selection)
    assert "Haemoglobin, g/dL was derived: hb_g_per_l / 10, in g/dL." in told
    assert "TP53 or ASXL1 was derived: TP53 or ASXL1" not in told
    assert "made of first of os; from 3" in told
    script = question_script(question, cohort, "Derived")
    check_tables(run_alone({"own": script}, tmp_path)["own"], answer)
    saved = {"saved.zip": cohort_archive(cohort, "tables")}
    put(tmp_path / "b", saved)
    again = load_upload(saved)
    assert again.fingerprint == cohort.fingerprint
    check(again, tmp_path / "b", ["curves", "models", "frequencies"], run=run_warm)
    story = Story("Derived", (Step(question, "A caption"),))
    assert [one.state for one in opened(story, {"upload:b": loaded, "upload:a": loaded})] == [
        "fine"
    ]
    assert [one.state for one in opened(story, {"upload:b": cohort})] == ["fine"]
    assert answered(story, {"upload:a": loaded})[0].said == ""
    changed = load_upload(files, {"ignore": ["hb_g_per_l"]})
    (one,) = opened(story, {"upload:a": changed})
    assert one.state == "broken"
    assert "has no hb_g_per_l" in one.said


def test_a_demo(tmp_path: Path):
    cohort = load_cohort("demo:mds")
    views = [name for name in QUICK if name not in {"pairs", "transplant"}]
    check(cohort, tmp_path, views, run=run_warm)


def test_a_table_and_a_query_of_duckdb(tables: dict[str, bytes], tmp_path: Path):
    put(tmp_path, {"wide.csv": tables["wide.csv"]})
    with duckdb.connect(tmp_path / "registry.duckdb") as connection:
        connection.execute(_TABLE.format(path=tmp_path / "wide.csv"))
    (tmp_path / "wide.csv").unlink()
    address = f"duckdb://{tmp_path / 'registry.duckdb'}"
    told = {DATABASE_ADDRESS: address, f"{DATABASE_ADDRESS}_2": address}
    check(load_cohort(address, table="patients"), tmp_path, FEW, **told)
    query = "SELECT * FROM patients WHERE diagnosis <> 'x''y'\nORDER BY patient_id"
    cohort = load_cohort(address, query=query, mapping={"ignore": ["hb_g_per_l"]})
    check(cohort, tmp_path, ["curves", "models", "two_cohorts"], run=run_warm, **told)
    # A query that names a patient stays out of the script.
    query = (
        f"SELECT * FROM patients WHERE patient_id <> '{cohort.patients.index[3]}' OR age_years>1"  # noqa: S608
    )
    (tmp_path / QUERY_FILE).write_text(query)
    check(load_cohort(address, query=query), tmp_path, ["curves"], run=run_warm, **told)


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    if reason := postgres.why_not():
        pytest.skip(reason)
    with postgres.running() as running:
        yield running


def test_postgresql(tables: dict[str, bytes], tmp_path: Path, server: postgres.Server):
    from tests.data_loaders.test_databases import owner_url

    frame = pd.read_csv(io.BytesIO(tables["wide.csv"]))
    address = owner_url(server, "postgres")
    with psycopg.connect(address, autocommit=True) as connection:
        columns = ", ".join(f'"{name}" text' for name in frame)
        connection.execute(f"CREATE TABLE patients ({columns})")  # type: ignore[call-overload]
        rows = frame.astype(object).where(frame.notna(), None).astype(str).to_numpy().tolist()
        rows = [[None if cell == "None" else cell for cell in row] for row in rows]
        places = ", ".join(["%s"] * len(frame.columns))
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO patients VALUES ({places})", rows)  # type: ignore[arg-type]  # noqa: S608
    cohort = load_cohort(address, table="patients")
    assert postgres.OWNER_PASSWORD not in VIEWS["curves"](cohort)[0]
    check(cohort, tmp_path, ["curves", "models", "frequencies"], **{DATABASE_ADDRESS: address})


def test_a_study_of_cbioportal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(CACHE.name, str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "scripts"
    folder.mkdir()
    portal = cbioportal_server.Portal(token=cbioportal_server.TOKEN)
    with cbioportal_server.running(portal) as address:
        cohort = load_from_api(address, cbioportal_server.STUDY, cbioportal_server.TOKEN)
        lines = loading_lines(cohort)
        assert address in lines.lines
        script = (
            "import os\nfrom data_loaders.cbioportal.api import load_from_api\n"
            f"{lines.lines}\nprint(cohort.fingerprint)\n"
        )
        assert cbioportal_server.TOKEN not in script
        told = {"CALR_EXPLORER_TOKEN": cbioportal_server.TOKEN}
        made = {"own": script, "frequencies": _frequencies(cohort)}
        printed = run_alone(made, folder, **told)
    assert printed["own"].strip() == cohort.fingerprint
    assert "FAILED" not in printed["frequencies"], printed["frequencies"]
    assert "Note:" not in printed["frequencies"]


def _frequencies(cohort: Cohort) -> str:
    """The toy study is too small for most other views."""
    asked = {"settings": {"kinds": ["gene"]}}
    question = Question("upload:abc", cohort.fingerprint, "genomics.frequencies", **asked)
    return question_script(question, cohort, "Frequency of alterations")


@pytest.mark.shared
def test_a_cohort_of_the_catalogue(
    tmp_path: Path, public_cohorts: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CALR_EXPLORER_MIRROR", str(public_cohorts))
    monkeypatch.setenv(CACHE.name, str(tmp_path / "cache"))
    cohort = load_cohort("catalogue:mds_iwg_2022")
    lines = loading_lines(cohort)
    script = f"from data_loaders import load_cohort\n{lines.lines}\nprint(cohort.fingerprint)\n"
    assert run_alone({"own": script}, tmp_path)["own"].strip() == cohort.fingerprint


def test_a_missing_file_is_named(tmp_path: Path):
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(CohortError, match=r"b\.csv and c\.tsv cannot be found; put it"):
        read_beside(["a.csv", "b.csv", "c.tsv"], tmp_path)
