"""The page of a database that is asked where it lies, from the refusal on the Data page on."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.cohort.tally import connect
from app.views.pooled.database.analysis import database_outcome
from app.views.pooled.database.words import outcome_reading
from app.views.survival.incidence.analysis import incidence_by_group
from data_loaders import load_cohort
from data_loaders.databases import result
from tests.pages.conftest import calm, figures, words

pytest.importorskip("ibis", reason="Ibis is not installed (make engine)")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> str:
    cohort = load_cohort("demo:mds")
    table = cohort.patients.join(cohort.alterations.astype("Int8")).reset_index()
    table["sex"] = table["sex"].replace("F", "<a href='x'>F</a>")
    path: Path = tmp_path_factory.mktemp("registry") / "registry.duckdb"
    with duckdb.connect(path) as connection:
        connection.register("given", table)
        connection.execute("CREATE TABLE patients AS SELECT * FROM given")
    return f"duckdb://{path}"


def test_what_the_page_says_is_what_the_rows_say(registry):
    tally = connect(registry, "patients")
    assert not tally.refused
    assert tally.cohort.provenance.source == "DuckDB registry.duckdb, table patients"
    cohort = load_cohort(registry, table="patients")
    spec = GroupingSpec.parse("alteration:TP53")
    found = database_outcome(tally, Filter(), "aml", spec, "#000000")
    mask = Filter().apply(cohort).mask
    expected = incidence_by_group(cohort, mask, "aml", spec.build(cohort, mask))
    assert found.gray is not None
    assert expected.gray_event is not None
    assert found.gray.statistic == pytest.approx(expected.gray_event.statistic, rel=1e-12)
    for curve in expected.drawn:
        assert curve.incidence is not None
        own = found.incidences[curve.name].curves[1].incidence
        assert own[-1] == pytest.approx(curve.incidence.curves[1].incidence[-1], rel=1e-12)
    said = " ".join(outcome_reading(found))
    assert "TP53 mutated: " in said
    assert "Gray's test of the groups" in said
    tally.close()


def test_a_table_too_large_to_be_copied_is_asked_where_it_lies(open_app, registry, monkeypatch):
    monkeypatch.setattr(result, "MAX_ROWS", 1000)
    at = calm(open_app("data"))
    at.session_state["source"] = "Database"
    at.run()
    at.text_input(key="database_address").set_value(registry)
    at.text_input(key="database_table").set_value("patients")
    at.button(key="database_load").click().run(timeout=200)
    assert "more than 1,000 rows" in words(at)
    at.button(key="database_ask").click().run(timeout=200)
    held = at.session_state["_engine"]
    assert held.tally.n == 1500
    assert registry not in words(at)

    at = open_app("pooled")
    at.session_state["_engine"] = held
    at.session_state["counts_of"] = "A large database"
    calm(at.run(timeout=200))
    assert "1,500 patients, asked where they lie (DuckDB registry.duckdb" in words(at)
    assert "All patients: " in words(at)
    assert "engine_pptx" in {button.key for button in at.get("download_button")}
    at.button(key="engine_story_0").click().run(timeout=200)
    (step,) = at.session_state["_story"].steps
    assert "of DuckDB registry.duckdb, table patients, 1,500 patients" in str(step.to_dict())
    at.selectbox(key="engine_by").set_value("alteration:TP53").run(timeout=200)
    assert "Hazard ratio of TP53 mutated against TP53 wild type" in words(calm(at))
    at.selectbox(key="engine_by").set_value("variable:sex").run(timeout=200)
    drawn = json.dumps(figures(calm(at)))
    assert "F</a>" not in drawn
    assert "&lt;a href" in drawn
    at.multiselect(key="engine_with").set_value(["ASXL1"]).run(timeout=200)
    assert "Counted: ASXL1 altered." in words(calm(at))
    at.session_state["engine_show"] = "Alterations"
    at.run(timeout=200)
    assert "engine_alterations_pptx" in {button.key for button in at.get("download_button")}
    assert "of the patients tested" in json.dumps(figures(calm(at))[0]["layout"])
    at.session_state["engine_show"] = "Table one"
    at.run(timeout=200)
    assert "Wilcoxon's rank-sum" in words(calm(at))
    at.button(key="engine_draw").click().run(timeout=200)
    assert "is open on every page now" in words(calm(at))
    sampled = list(at.session_state["_uploads"].values())[-1]
    assert sampled.name.startswith("patients, sample of ")
    assert "ASXL1 altered" in sampled.provenance.note
