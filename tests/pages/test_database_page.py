"""A database on the ordinary pages, from the refusal on the Data page on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.analysis.associations import MADE_ALIKE, table_one_of_tally
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.cohort.tally import EngineTally, connect
from app.shell.links import NEXT
from app.shell.session import DATABASE
from app.shell.work.engine import Held
from app.study.exposures import exposure_options
from app.views.cohort.overview.answer import pictured
from app.views.compare.analysis import compare_groups
from app.views.genomics.frequencies.analysis import group_frequencies
from app.views.genomics.pairs.analysis import pair_screen
from app.views.home.analysis import glance
from app.views.survival.curves.analysis import survival_by_group
from app.views.survival.curves.answer import survival_answer
from app.views.survival.during.analysis import during_follow_up
from app.views.survival.during.answer import during_answer
from app.views.survival.incidence.analysis import incidence_by_group
from app.views.survival.means.analysis import means_over_time
from app.views.survival.means.answer import means_answer
from app.views.tallied._during import switched, switches_of, tallied_during
from app.views.tallied.analysis import (
    MOST_PAIRED,
    tallied_comparison,
    tallied_frequencies,
    tallied_glance,
    tallied_incidence,
    tallied_means,
    tallied_pairs,
    tallied_pictures,
    tallied_survival,
)
from data_loaders import Cohort, load_cohort
from data_loaders.databases import result
from tests.pages.conftest import calm, figures, words

pytest.importorskip("ibis", reason="Ibis is not installed (make engine)")

KINDS = ["gene", "cytogenetic"]
TP53 = GroupingSpec("alteration", "TP53")
CHOSEN = Filter.from_dict({"column": "age_years", "between": [60, None]})


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> str:
    cohort = load_cohort("demo:mds")
    sex = cohort.patients["sex"].replace("F", "<a href='x'>F</a>")
    return in_duckdb(
        replace(cohort, patients=cohort.patients.assign(sex=sex)),
        tmp_path_factory.mktemp("registry"),
    )


def in_duckdb(cohort: Cohort, folder: Path) -> str:
    table = cohort.patients.join(cohort.alterations.astype("Int8")).reset_index()
    path = folder / "registry.duckdb"
    with duckdb.connect(path) as connection:
        connection.register("given", table)
        connection.execute("CREATE TABLE patients AS SELECT * FROM given")
    return f"duckdb://{path}"


@pytest.fixture(scope="module")
def rows(registry: str) -> Cohort:
    return load_cohort(registry, table="patients")


@pytest.fixture(scope="module")
def tally(registry: str) -> EngineTally:
    return connect(registry, "patients")


def test_survival_is_that_of_the_rows(tally: EngineTally, rows: Cohort):
    assert not tally.refused
    assert tally.cohort.provenance.source == "DuckDB registry.duckdb, table patients"
    mask = CHOSEN.apply(rows).mask
    found = tallied_survival(tally, CHOSEN, "os", TP53, 60.0)
    expected = survival_by_group(rows, mask, "os", TP53.build(rows, mask), limit=60.0)
    said, wanted = survival_answer(tally.cohort, found), survival_answer(rows, expected)
    assert said.sentences == wanted.sentences
    assert said.title == wanted.title
    assert list(said.cautions) == list(wanted.cautions)
    assert said.accounting.analysed == wanted.accounting.analysed
    assert said.accounting.selected == wanted.accounting.selected
    pd.testing.assert_frame_equal(said.tables()["Curves"], wanted.tables()["Curves"])
    pd.testing.assert_frame_equal(said.tables()["Tests"], wanted.tables()["Tests"])
    age = GroupingSpec.parse("cut:age_years@quartiles")
    found = tallied_survival(tally, CHOSEN, "os", age)
    expected = survival_by_group(rows, mask, "os", age.build(rows, mask))
    assert found.trend is not None
    assert expected.trend is not None
    assert found.trend.statistic == pytest.approx(expected.trend.statistic, rel=1e-12)
    risks = tallied_incidence(tally, CHOSEN, "aml", TP53)
    of_rows = incidence_by_group(rows, mask, "aml", TP53.build(rows, mask))
    assert risks.gray_event is not None
    assert of_rows.gray_event is not None
    assert risks.gray_event.statistic == pytest.approx(of_rows.gray_event.statistic, rel=1e-12)
    for own, other in zip(risks.drawn, of_rows.drawn, strict=True):
        assert (own.name, own.n, own.events, own.competing) == (
            other.name, other.n, other.events, other.competing,
        )  # fmt: skip
        pd.testing.assert_frame_equal(own.at([12, 60]), other.at([12, 60]))


def test_restricted_means_are_those_of_the_rows(tally: EngineTally, rows: Cohort):
    mask = CHOSEN.apply(rows).mask
    for spec, endpoint, limit in ((TP53, "os", None), (None, "os", 60.0), (TP53, "aml", None)):
        found = tallied_means(tally, CHOSEN, endpoint, spec, limit)
        grouping = None if spec is None else spec.build(rows, mask)
        expected = means_over_time(rows, mask, endpoint, grouping, limit=limit)
        assert found.longest == expected.longest > 0
        pd.testing.assert_frame_equal(found.table, expected.table, rtol=1e-12, atol=1e-12)
        said, wanted = means_answer(tally.cohort, found), means_answer(rows, expected)
        assert (said.title, said.sentences) == (wanted.title, wanted.sentences)
        assert said.accounting.analysed == wanted.accounting.analysed


@pytest.mark.parametrize("of", ["mds", "aml", "mpn"])
def test_events_during_follow_up_are_those_of_the_rows(of: str, tmp_path: Path):
    address = in_duckdb(load_cohort(f"demo:{of}"), tmp_path)
    tally, rows = connect(address, "patients"), load_cohort(address, table="patients")
    seen = 0
    for endpoint in rows.endpoints:
        found = switches_of(tally, endpoint)
        known = exposure_options(rows, endpoint)
        assert [switch.exposure for switch in found] == known
        for switch in found:
            for chosen, limit in ((CHOSEN, None), (Filter(), 48.0)):
                mask = chosen.apply(rows).mask
                held = switched(tally, chosen, endpoint, switch, limit)
                asked = {"landmarks": held.usual, "drawn": held.usual[0], "start": 2.0}
                made, notes = tallied_during(tally, held, **asked)
                assert not notes
                expected = during_follow_up(
                    rows, mask, endpoint_key=endpoint, exposure=switch.exposure.key, limit=limit,
                    **asked,
                )  # fmt: skip
                said, wanted = during_answer(tally.cohort, made), during_answer(rows, expected)
                assert said.title == wanted.title
                assert said.sentences == wanted.sentences
                assert said.notes == wanted.notes
                assert said.accounting == wanted.accounting
                for name, table in wanted.tables().items():
                    pd.testing.assert_frame_equal(
                        said.tables()[name], table, rtol=1e-11, atol=1e-12, check_dtype=False
                    )
                seen += 1
    assert seen > 5


def test_two_times_a_patient_that_are_too_many_are_counted_by_month(tally, monkeypatch):
    (switch, *_) = switches_of(tally, "os")
    exact = switched(tally, CHOSEN, "os", switch)
    monkeypatch.setattr("app.cohort.tally._engine._MOST_SWITCHES", 900)
    held = switched(tally, CHOSEN, "os", switch)
    asked = {"landmarks": exact.usual, "drawn": exact.usual[0]}
    found, notes = tallied_during(tally, held, **asked)
    expected, none = tallied_during(tally, exact, **asked)
    assert len(notes) == 2
    assert not none
    assert (found.n, found.n_events, found.n_exposed) == (
        expected.n, expected.n_events, expected.n_exposed,
    )  # fmt: skip
    assert (held.outcome.time == np.round(held.outcome.time)).all()
    for one in ("naive", "time_dependent"):
        ratios = [getattr(result, one).summary["coef"].iloc[0] for result in (found, expected)]
        assert ratios[0] == pytest.approx(ratios[1], abs=0.05), one


def test_alterations_and_who_they_are_are_those_of_the_rows(tally: EngineTally, rows: Cohort):
    mask = CHOSEN.apply(rows).mask
    found, notes = tallied_frequencies(tally, CHOSEN, TP53)
    expected = group_frequencies(rows, mask, KINDS, TP53.build(rows, mask))
    assert not notes
    assert found.groups == expected.groups
    pd.testing.assert_frame_equal(found.overall, expected.overall, check_dtype=False)
    pd.testing.assert_frame_equal(found.by_group, expected.by_group, check_dtype=False)
    assert found.accounting.caption() == expected.accounting.caption()
    pairs, of_rows = tallied_pairs(tally, CHOSEN), pair_screen(rows, mask, KINDS, MOST_PAIRED)
    assert set(pairs.features) == set(of_rows.features)
    assert np.allclose(np.sort(pairs.table["p_value"]), np.sort(of_rows.table["p_value"]))
    home, there = tallied_glance(tally, CHOSEN), glance(rows, mask)
    assert [(d.names, d.sizes, d.known) for d in home.diseases] == [
        (d.names, d.sizes, d.known) for d in there.diseases
    ]
    drawn = tallied_pictures(tally, CHOSEN)
    names = [one.variable.name for one in drawn.found]
    for own, other in zip(drawn.found, pictured(rows, mask, names=names).found, strict=True):
        assert (own.counts == other.counts).all(), own.variable.name
        assert (own.everyone == other.everyone).all()
        assert (own.known, own.n) == (other.known, other.n)


def test_groups_side_by_side_are_those_of_the_rows(tally: EngineTally, rows: Cohort):
    mask = CHOSEN.apply(rows).mask
    found = tallied_comparison(tally, CHOSEN, TP53, "os")
    expected = compare_groups(rows, mask, grouping=TP53.build(rows, mask), endpoint_key="os")
    assert found.sizes == expected.sizes
    assert found.contrast is not None
    assert expected.contrast is not None
    own, other = (one.contrast.table.set_index("feature") for one in (found, expected))
    assert own["odds_ratio"].to_dict() == pytest.approx(
        other.loc[own.index, "odds_ratio"].to_dict(), nan_ok=True
    )
    together = found.ranked.merge(expected.ranked, on="variable")
    assert len(together) > 5
    # Whose carriers a file's own classes are is counted in rows alone.
    alike = (together["test_y"] == MADE_ALIKE) & (together["test_x"] != MADE_ALIKE)
    assert set(together.loc[alike, "variable"]) <= {"diagnosis", "planted_class"}
    p_values = [together.loc[~alike, f"p_value_{side}"] for side in "xy"]
    assert np.allclose(*p_values, equal_nan=True)
    everyone = table_one_of_tally(tally, None, CHOSEN)
    assert (everyone.names, everyone.n) == (("All patients",), int(mask.sum()))


def filters_draw_no_more_than_two_samples(at: AppTest) -> None:
    for youngest in (50.0, 60.0, 70.0):
        at.selectbox(key="engine_range_of").set_value("age_years").run(timeout=200)
        at.number_input(key="engine_low_age_years").set_value(youngest)
        at.session_state["view"] = "Cox model"
        calm(at.run(timeout=200))
    drawn = at.session_state["_uploads"]
    assert len(drawn) == 2, "every filter draws another sample; the latest two are held"
    assert "70" in list(drawn.values())[-1].provenance.note
    held_answers = at.session_state["_engine"].answers.values()
    assert sum(isinstance(answer, Cohort) for answer in held_answers) == 2


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

    at = open_app("survival")
    at.session_state["_engine"] = held
    at.session_state[NEXT] = DATABASE
    calm(at.run(timeout=200))
    assert at.session_state["cohort_choice"] == DATABASE, "the choice of the cohort shows it"
    assert "1,500 patients, asked where they lie (DuckDB registry.duckdb" in words(at)
    assert "km_pptx" in {button.key for button in at.get("download_button")}
    at.selectbox(key="engine_by").set_value("alteration:TP53").run(timeout=200)
    assert "Hazard ratio of TP53 mutated against TP53 wild type" in words(calm(at))
    assert [box.label for box in at.expander if "from counts" in box.label]
    at.selectbox(key="engine_by").set_value("variable:sex").run(timeout=200)
    drawn = json.dumps(figures(calm(at)))
    assert "F</a>" not in drawn
    assert "&lt;a href" in drawn
    at.multiselect(key="engine_with").set_value(["ASXL1"]).run(timeout=200)
    assert "Counted: ASXL1 altered." in words(calm(at))
    at.session_state["view"] = "Events during follow-up"
    calm(at.run(timeout=200))
    assert "Hazard ratio of transplant: **naive" in words(at)
    assert "This page needs rows" not in words(at)
    assert len(figures(at)) == 4
    at.session_state["view"] = "Cox model"
    calm(at.run(timeout=200))
    assert "This page needs rows. This is a random sample of" in words(at)
    sampled = list(at.session_state["_uploads"].values())[-1]
    assert sampled.name.startswith("patients, sample of ")
    assert "ASXL1 altered" in sampled.provenance.note
    filters_draw_no_more_than_two_samples(at)
    at.button(key="engine_close").click().run(timeout=200)
    assert "_engine" not in at.session_state
    assert at.session_state["cohort"] != DATABASE


@pytest.mark.parametrize(
    ("page", "drawn"), [("home", 2), ("cohort", 5), ("genomics", 1), ("compare", 4), ("data", 0)]
)
def test_the_ordinary_pages_draw_an_open_database(open_app, tally, page: str, drawn: int):
    at = open_app(page)
    at.session_state["_engine"] = Held(tally)
    at.session_state[NEXT] = DATABASE
    calm(at.run(timeout=200))
    assert len(figures(at)) >= drawn
    assert "counted where its rows lie" in words(at)
    assert "0 patients** ·" not in words(at), "the dictionary of a database has none"
    assert "isclosure control" not in words(at)
