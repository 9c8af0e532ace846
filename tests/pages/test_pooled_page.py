"""The page of several sites: its example, real releases, and files that are none."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from pptx import Presentation
from streamlit.testing.v1 import AppTest

from app.analysis.competing_risks import cumulative_incidence, gray_test
from app.analysis.survival import kaplan_meier
from app.cohort.filters import Filter
from app.cohort.tally import Release, ReleasePolicy, TallyError, pool, tally_of
from app.study.bundle import to_zip
from app.study.figures.theme import framed
from app.study.slides import to_pptx
from app.study.story import Story, answered, opened
from app.views.pooled._tables import frequencies_by_site, table_by_site
from app.views.pooled.analysis import (
    agreement,
    common_filter,
    differences,
    pooled_survival,
    releases_by_centre,
    shared_questions,
)
from app.views.pooled.answer import counts_answer
from app.views.pooled.figures import pooled_figure
from app.views.pooled.incidence import pooled_incidence
from app.views.pooled.words import pooled_methods, pooled_notes, pooled_reading, pooled_title
from data_loaders import load_cohort
from tests.conftest import ROOT
from tests.pages.conftest import calm, figures, words

MADE = date(2026, 11, 30)


def test_the_page_opens_on_an_example_and_draws_groups_and_sites(open_app):
    at = calm(open_app("pooled"))
    assert len(figures(at)) == 1
    assert "sites pooled" in json.dumps(figures(at)[0]["layout"])
    at.selectbox(key="pooled_group").set_value("alteration:ASXL1").run()
    calm(at)
    assert len(figures(at)) == 2, "curves and the sites' hazard ratios"
    assert "Hazard ratio of ASXL1 mutated against ASXL1 wild type" in words(at)
    told = json.dumps(figures(at)[1]["layout"])
    assert re.search(r"hazard ratio by site.*[\d,]+ patients.*[\d,]+ events", told)
    assert "in one Cox model with a baseline for each site" in words(at)
    assert "SYNTHETIC" in json.dumps(figures(at))
    assert "DerSimonian" in words(at)
    offered = {button.key for button in at.get("download_button")}
    assert {"pooled_pptx", "pooled_docx"} <= offered


def test_header_and_files_name_the_releases_and_not_the_cohort_that_is_open(
    open_app, monkeypatch: pytest.MonkeyPatch
):
    offered, taken = st.download_button, {}

    def kept(label: str, data: Any, file: str, key: str, **options: Any) -> bool:
        taken[file] = data
        return offered(label, data, file, key=key, **options)

    monkeypatch.setattr(st, "download_button", kept)
    demo = load_cohort("demo:mds")
    real = replace(demo, provenance=replace(demo.provenance, synthetic=False, source="registry"))
    policy = ReleasePolicy(5, 5)
    releases = releases_by_centre(real, "centre", policy, ["alteration:TP53"], MADE)[:3]
    at: AppTest = open_app("pooled", cohort="demo:aml", age=["70", "84"])
    assert at.markdown[0].value.endswith(
        "**6 sites** · example: the centres of the AML demo (synthetic) :orange-badge[SYNTHETIC]"
    )
    taken.clear()
    files = [(f"{one.name}.json", one.to_text().encode(), "application/json") for one in releases]
    at.file_uploader(key="pooled_files").set_value(files).run()
    at.session_state["pooled_tables"] = True
    calm(at.run())
    assert at.markdown[0].value.endswith(
        "**3 sites** · the releases of Centre A, Centre B and Centre C"
    )
    tables = {name: make().decode() for name, make in taken.items() if name.endswith(".csv")}
    assert set(tables) == {
        "pooled_Overall-survival.csv", "pooled_patients.csv", "pooled_alterations.csv",
    }  # fmt: skip
    for table in tables.values():
        assert "the releases of Centre A (" in table
        assert "demo:aml" not in table
        assert "SYNTHETIC" not in table


def test_what_cannot_be_asked_again_is_kept_as_a_picture_that_says_so(
    open_app, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("app.study.story._player.export_available", lambda: (False, "none"))
    monkeypatch.setattr("app.study.bundle._step.export_available", lambda: (False, ""))
    at = open_app("pooled", cohort="demo:mds")
    at.selectbox(key="pooled_group").set_value("alteration:TP53").run()
    shown = [figure["layout"]["annotations"][0]["text"] for figure in figures(at)]
    for place in (0, 1):
        at.button(key=f"pooled_story_{place}").click().run()
    story: Story = at.session_state["_story"]
    assert Story.from_json(story.to_json()) == story
    assert not [name for name in load_cohort("demo:mds").patients.index if name in story.to_json()]
    assert [s.question.cohort for s in story.steps] == ["", ""]

    # It plays where the releases are not, becomes slides with native charts, and is in a bundle.
    at = calm(at.switch_page(str(ROOT / "pages" / "story.py")).run())
    assert re.search(
        r"picture of 20\d\d-\d\d-\d\d of the releases of .* \([0-9a-f]{12}\)", words(at)
    )
    at.button(key="story_ready").click().run()
    assert any("Ready: 2 of 2" in text.value for text in at.markdown)
    _, scenes = at.session_state["_story_ready"]
    assert re.fullmatch(r"[\d,]+ patients · picture of 20\d\d-\d\d-\d\d", scenes[0].patients)
    assert scenes[0].synthetic
    curves, forest = answered(story, {})
    assert curves.answer is not None
    assert shown == [one.figure().layout.annotations[0].text for one in (curves, forest)]
    table = curves.answer.tables()["Numbers"]
    assert {"group", "time", "survival"} <= set(table)
    slides = Presentation(io.BytesIO(to_pptx(story, cohorts={}))).slides
    assert [any(shape.has_chart for shape in slide.shapes) for slide in slides][1:3] == [True] * 2
    assert "not computed again" in slides[1].notes_slide.notes_text_frame.text
    with zipfile.ZipFile(io.BytesIO(to_zip(story, cohorts={}))) as archive:
        assert "steps/01_story-kept/not_computed_again.txt" in archive.namelist()
        assert "steps/01_story-kept/script.py" not in archive.namelist()

    # What a file holds instead of a picture is refused, whatever would fetch something too.
    for wrong in (
        "{",
        '{"data": [{"type": "scattergeo"}]}',
        '{"data": [], "layout": {"images": [1]}}',
    ):
        plain = story.to_dict()
        plain["steps"][0]["question"]["settings"]["figure"] = wrong
        (standing, _) = opened(Story.from_dict(plain), {})
        assert standing.state == "broken"
        assert "picture" in standing.said


def test_a_release_is_written_under_the_policy(open_app):
    at: AppTest = open_app("pooled", cohort="demo:mds")
    at.session_state["release"] = True
    at.run()
    at.text_input(key="release_site").set_value("Hospital *A*")
    at.text_input(key="release_key").set_value("short")
    at.button(key="release_write").click().run()
    assert "at least 16 characters" in at.error[0].value
    at.text_input(key="release_key").set_value("agreed by telephone")
    at.button(key="release_write").click().run()
    calm(at)
    assert "event tables of about 1,500 patients, signed with your key" in words(at)


def test_a_cox_model_over_sites_is_shown_asked_for_and_answered(open_app):
    at: AppTest = open_app("pooled", cohort="demo:mds")
    at.session_state["rounds"] = True
    calm(at.run())
    assert "Exact: 6 rounds of sums give the model of the pooled rows" in words(at)
    assert "cox_over_sites_pptx" in {button.key for button in at.get("download_button")}
    assert "The one-shot approximation (ODAC) differs from the exact model by at most" in words(at)
    at.segmented_control(key="rounds_part").set_value("Ask the sites").run()
    at.text_input(key="rounds_who").set_value("Centre").run()
    at.text_input(key="rounds_sites").set_value("A, B").run()
    assert "needs at least 3" in at.error[0].value
    at.text_input(key="rounds_sites").set_value("A, B, *C*").run()
    calm(at)
    assert "Centre asks A, B and \\*C\\* for a Cox model of overall survival" in words(at)
    at.segmented_control(key="rounds_part").set_value("Answer as a site").run()
    calm(at)
    assert "Open the request that the coordinator sent" in words(at)


def test_an_event_that_others_compete_with_is_shown_as_incidence(open_app):
    at: AppTest = open_app("pooled")
    at.selectbox(key="pooled_endpoint").set_value("aml").run()
    at.selectbox(key="pooled_group").set_value("alteration:ASXL1").run()
    calm(at)
    assert "Cumulative incidence of AML transformation" in str(figures(at)[0]["layout"])
    assert "Gray's test, stratified (5 strata)" in words(at)
    assert "Aalen and Johansen" in words(at)
    at.segmented_control(key="pooled_estimate").set_value("Free of the event").run()
    calm(at)
    assert "free of the event for" in words(at), "restricted means"
    assert re.search(r"a difference of −[\d.]+ \(−[\d.]+ to −?[\d.]+\) months", words(at))
    at.session_state["pooled_tables"] = True
    calm(at.run())
    tables = [table.value for table in at.dataframe]
    (patients,) = [t for t in tables if "Variable" in t]
    assert {"Age at diagnosis, years, mean (SD)", "Sex: F"} <= set(patients["Variable"])
    (genes,) = [t for t in tables if "Alteration" in t]
    assert genes["All sites"].iloc[0].endswith("of 2,000")


def test_sites_that_do_not_fit_together_are_told_apart():
    cohort = load_cohort("demo:mds")
    third = np.arange(cohort.n) % 3
    older = Filter.from_dict({"column": "age_years", "between": [60, None]})
    policy, exact = ReleasePolicy(), ReleasePolicy(1, 1)

    def released(place: int, site: str, own: ReleasePolicy, **more: Any) -> Release:
        tally = tally_of(cohort.subset(third == place))
        return tally.release(own, site=site, made=MADE, **more)

    one, two = released(0, "A", policy), released(1, "B", exact)
    three = released(2, "C", exact, groups=["alteration:TP53"])
    sites = [one, two, three]
    both = pooled_survival(sites, "os")
    assert not both.exact
    assert "rounded" in " ".join(pooled_notes(both, []))
    assert "rounded cumulative counts to multiples of 5" in pooled_methods(both, agreement(sites))
    assert pooled_reading(both)[0].startswith("All patients:")
    title, reading = pooled_title(both, 3), pooled_reading(both)
    shown = framed(pooled_figure(both), title, synthetic=both.synthetic)
    told = counts_answer(
        "pooled", title, {"Figure": shown}, pd.DataFrame, n=both.n, sentences=reading,
        methods=pooled_methods(both, agreement(sites)), notes=pooled_notes(both, []),
    )  # fmt: skip
    (slide,) = Presentation(io.BytesIO(to_pptx(told))).slides
    said = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
    assert any("SYNTHETIC" in text for text in said)
    assert any(shape.has_chart for shape in slide.shapes)
    notes = slide.notes_slide.notes_text_frame.text
    assert "no row of a patient left a site" in notes
    assert reading[0] in notes
    again = released(0, "D", policy)
    assert agreement([one, again])["same_patients"].tolist() == ["", "A"]
    with pytest.raises(TallyError, match="agree on whom to count"):
        common_filter([one, released(1, "D", exact, selected=older)])
    months = released(1, "E", ReleasePolicy(1, 1, tuple(range(0, 400, 3))))
    with pytest.raises(TallyError, match="different grids"):
        pooled_survival([one, two, months], "os")
    assert set(shared_questions(sites)) == set(cohort.endpoints)
    assert pool(sites).events(None, "os")["events"].sum() == pytest.approx(
        cohort.numbers("os_event").sum(), abs=3
    )
    # What differs in definition is said, and is not taken together.
    assert not differences(sites)
    content = json.loads(json.dumps(two.content))
    content["variables"]["hb_g_per_l"]["unit"] = "g/dL"
    content["endpoints"]["aml"]["competing"] = False
    del content["endpoints"]["lfs"]
    bent = [one, Release(content), three]
    told = " ".join(differences(bent))
    assert "hb_g_per_l is numeric g/L at A" in told
    assert "AML transformation has a competing event only at A and C" in told
    assert "Leukaemia-free survival is not released by B" in told
    table = table_by_site(bent).set_index("Variable")
    assert table.loc["Haemoglobin, mean (SD)", "All sites"] == ""
    assert table.loc["Age at diagnosis, years, mean (SD)", "All sites"].startswith(
        f"{np.nanmean(cohort.numbers('age_years')):.3g} ("
    )
    frequencies = frequencies_by_site(sites).set_index("Alteration")
    assert frequencies.loc["TET2", "frequency"] == pytest.approx(
        (cohort.feature_state("TET2") == 1).mean(), abs=0.01
    )


def test_pooled_incidence_is_that_of_the_rows_on_the_grid():
    cohort = load_cohort("demo:mds")
    third = np.arange(cohort.n) % 3
    sites = [
        tally_of(cohort.subset(third == place)).release(
            ReleasePolicy(1, 1), site=str(place), made=MADE, groups=["alteration:TP53"]
        )
        for place in range(3)
    ]
    found = pooled_incidence(sites, "aml", "alteration:TP53")
    grid = np.array(sites[0].content["policy"]["grid"], dtype=float)
    ends, state = cohort.endpoints["aml"], cohort.feature_state("TP53")
    time = grid[np.searchsorted(grid, cohort.numbers(ends.time))]
    cause = np.where(cohort.numbers(ends.event) == 1, 1, 2 * cohort.numbers(ends.competing))
    known = (state >= 0) & ~np.isnan(cohort.numbers(ends.time))
    expected = gray_test(
        time[known], cause[known].astype(int), state[known], strata=third[known]
    )  # fmt: skip
    assert found.test is not None
    assert found.test.statistic == pytest.approx(expected.statistic, rel=1e-12)
    rows = cumulative_incidence(time[known & (state == 1)], cause[known & (state == 1)].astype(int))
    np.testing.assert_allclose(
        found.curves["TP53 mutated"].curves[1].incidence, rows.curves[1].incidence, rtol=1e-12
    )
    survival = pooled_survival(sites, "os", "alteration:TP53")
    assert survival.means is not None
    months, event = cohort.numbers("os_months"), cohort.numbers("os_event")
    months = grid[np.searchsorted(grid, months)]
    used = (state == 1) & ~np.isnan(cohort.numbers("os_months"))
    curve = kaplan_meier(months[used], event[used])
    assert survival.means["rmst"].iloc[0] == pytest.approx(
        float(curve.rmst(survival.means["tau"].iloc[0])), rel=1e-12
    )
