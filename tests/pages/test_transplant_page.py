"""The transplant page: finished answers at once, intervals later, sentences where data are thin."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.io as plotly_io
import pytest
from streamlit.testing.v1 import AppTest

from app.analysis.transplant import EFFECTIVE, EmulationSettings, emulate
from app.cohort.filters import Filter
from app.study.analyses import answer_to, views_of
from app.study.bundle._step import step_files
from app.study.figures.theme import SYNTHETIC_MARK
from app.study.story import Story, answered
from app.views.home.page_questions import questions
from app.views.transplant.defaults import suggest
from app.views.transplant.protocol.analysis import write_protocol
from app.views.transplant.words import HYPOTHESES, signed
from data_loaders import load_table_bytes
from data_loaders.demo import load_demo
from tests.pages.conftest import calm, figures, open_upload, run_when_worked, unfolded, words
from tests.study.reproduce import check_tables, run

Opener = Callable[..., AppTest]
MANY_FIGURES = {"Four answers": 6}
# Draws take as long as patients are many.
ADVANCED = ["MDS-IB1", "MDS-IB2", "MDS-biTP53"]


def opened(open_app: Opener, cohort: str = "demo:mds", **query: str | list[str]) -> AppTest:
    at = open_app("transplant", cohort=cohort, **query)
    calm(at)
    return at


def titled(at: AppTest, words: str) -> dict[str, Any]:
    """The one figure whose title begins so, however it is broken into lines."""
    by_title = [
        (f["layout"]["annotations"][0]["text"].replace("<br>", " "), f) for f in figures(at)
    ]
    found = [figure for title, figure in by_title if title.startswith(words, 3)]
    assert len(found) == 1, [title for title, _ in by_title]
    return found[0]


def until(at: AppTest, sentence: str, seconds: float = 240.0) -> AppTest:
    """Run the page again until it says the sentence, as its polling does in a browser."""
    deadline = time.monotonic() + seconds
    while sentence not in words(at) and time.monotonic() < deadline:
        calm(run_when_worked(at, 10.0))
    assert sentence in words(at)
    return at


@pytest.mark.parametrize("view", views_of("transplant"))
def test_every_view_opens_on_a_finished_answer(open_app: Opener, view: str):
    at = opened(open_app, view=view)
    drawn = figures(at)
    assert len(drawn) >= MANY_FIGURES.get(view, 1)
    assert all(SYNTHETIC_MARK in str(figure["layout"]) for figure in drawn)
    assert words(at).count(HYPOTHESES) == 1, "said once, calmly"
    assert "In a trial emulated on these 837 patients" in words(at)


def test_the_answer_is_the_librarys(open_app: Opener):
    cohort = load_demo("mds")
    suggestion = suggest(cohort, Filter())
    assert suggestion is not None
    trial = suggestion.trial
    protocol = write_protocol(cohort, trial)
    found = emulate(
        protocol.compared,
        trial.strategies,
        EmulationSettings(
            trial.horizon_months,
            grace=trial.grace_months,
            progression=next(iter(protocol.data.onsets)),
            draws=0,
            higher=protocol.higher,
            effective=EFFECTIVE,
        ),
    )
    at = opened(open_app, view="Four answers")
    row = found.contrasts[found.contrasts["supported"]].iloc[0]
    assert row["group"] == "All eligible"
    assert f"**{signed(row['rmst_difference'])} months**" in words(at)
    assert f"up to **month {found.settings.horizon:g}**" in words(at)
    assert "BIASED BY IMMORTAL TIME" in str(titled(at, "Naive: ever against never")["layout"])
    assert "BIASED" not in str(titled(at, "Emulated trial")["layout"])
    assert "What is not recorded is not weighted for" in words(at)


def test_first_remission_starts_the_clock_where_transplants_are_in_remission(open_app: Opener):
    at = opened(open_app, "demo:aml", view="Four answers")
    assert at.selectbox(key="zero").value == "column:cr_months"
    assert "since complete remission" in str(titled(at, "Naive: ever against never")["layout"])


def test_a_cohort_without_transplants_says_so_and_offers_one_that_has(open_app: Opener):
    at = opened(open_app, "demo:mpn")
    assert "records no transplant" in words(at)
    assert not figures(at)
    at.button(key="transplant_example").click().run()
    calm(at)
    assert at.selectbox(key="cohort").value == "demo:mds"
    assert "In a trial emulated" in words(at)


def test_intervals_arrive_from_the_worker(open_app: Opener):
    at = opened(open_app, view="Four answers", dx=ADVANCED)
    at = until(at, "Intervals: 95%, from 1,000 bootstrap draws")
    said = words(at)
    answer = said[said.index("changes life by") :]
    assert " to " in answer.partition("months** (")[2].partition(")")[0]


def test_work_can_be_stopped_and_started_again(open_app: Opener):
    at = opened(open_app, grace="11")
    deadline = time.monotonic() + 120
    while not any(b.key == "transplant_stop" for b in at.button) and time.monotonic() < deadline:
        at.run()
    at.button(key="transplant_stop").click().run()
    calm(at)
    assert "You stopped the computation" in words(at)
    assert "In a trial emulated" in words(at), "the estimates stand"
    at.button(key="transplant_again").click().run()
    calm(at)
    assert "You stopped" not in words(at)


def test_a_link_restores_the_question(open_app: Opener):
    at = opened(
        open_app,
        oldest="65",
        within="6",
        horizon="60",
        risk="variable:ipssr",
        confounders=["variable:age_years", "variable:sex"],
    )
    assert at.selectbox(key="risk").value == "variable:ipssr"
    assert at.multiselect(key="confounders").value == ["variable:age_years", "variable:sex"]
    said = words(unfolded(at))
    assert "transplant within 6 months" in said


def test_another_cohort_gets_its_own_question(open_app: Opener):
    at = opened(open_app, oldest="60", delayed="false")
    at.selectbox(key="cohort").set_value("demo:aml").run()
    calm(at)
    assert at.selectbox(key="zero").value == "column:cr_months"
    assert at.number_input(key="oldest").value is None
    assert at.toggle(key="delayed").value
    assert at.selectbox(key="risk").value == "variable:eln_2022"
    assert set(at.multiselect(key="confounders").value) == {
        "variable:age_years",
        "variable:sex",
        "alteration:TP53",
        "alteration:NPM1",
        "alteration:FLT3_ITD",
    }


def test_the_filter_of_the_sidebar_is_the_eligibility(open_app: Opener):
    at = opened(open_app, dx=["MDS-IB2"])
    table = at.get("table")[0].value
    assert "MDS-IB2" in str(table.iloc[0, 1])


def diagnosis(at: AppTest, tab: str) -> AppTest:
    """Open a tab of the diagnostics, as a click does."""
    at.session_state["transplant_trust"] = tab
    at.run()
    calm(at)
    return at


DIAGNOSES = {
    "Weights": ("Stabilised weights, 837 patients", "The largest weight is"),
    "Positivity": ("Who could follow it: transplant within 12", "left out of every estimate"),
    "Balance": ("Balance of the confounders: transplant within", "before weighting"),
}


def test_every_diagnosis_is_drawn_and_says_what_it_shows(open_app: Opener):
    at = opened(open_app, view="Four answers")
    for tab, (title, sentence) in DIAGNOSES.items():
        diagnosis(at, tab)
        figure = titled(at, title)
        assert SYNTHETIC_MARK in str(figure["layout"])
        assert sentence in words(at)
        plain = json.dumps({"data": figure["data"], "layout": figure["layout"]})
        assert plotly_io.from_json(plain).data, "plotly takes it as it is"
    keys = [button.key for button in at.get("download_button")]
    assert {f"transplant_balance_{kind}" for kind in ("svg", "png", "csv")} <= set(keys)
    diagnosis(at, "E-value")
    assert "To explain away the estimate of transplant within 12 months" in words(at)


def test_other_choices_come_from_the_worker(open_app: Opener):
    at = diagnosis(opened(open_app, view="Four answers", dx=ADVANCED), "Other choices")
    until(at, "other choices it runs from")
    figure = titled(at, "Other choices, all eligible: transplant within")
    assert any("Grace period" in str(text) for text in figure["layout"]["annotations"])
    told(at, "choices", figure)


def told(at: AppTest, name: str, shown: dict[str, Any]) -> None:
    """Put a view into the story: a step from scratch draws what the page shows."""
    at.button(key=f"transplant_{name}_story_0").click().run()
    calm(at)
    step = at.session_state["_story"].steps[-1]
    answer = answer_to(step.question, load_demo("mds"))
    figure = answer.figures[step.figure]() if step.figure else answer.figure
    title = shown["layout"]["annotations"][0]["text"].replace("<br>", " ")
    assert figure.layout.annotations[0].text.replace("<br>", " ") == title


def test_who_could_follow_a_kind_and_the_planted_truth_can_be_told(
    open_app: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("app.study.bundle._step.export_available", lambda: (False, ""))
    at = diagnosis(opened(open_app, view="Four answers"), "Positivity")
    told(at, "positivity", titled(at, "Who could follow it: transplant within 12"))
    at = opened(open_app, view="Who benefits", profile_age="66")
    told(at, "profile", titled(at, "Life by delay: Low, age 66"))
    assert at.session_state["_story"].steps[0].question.settings["profile"]["age"] == 66.0
    at = opened(open_app, view="Learn")
    keys = {button.key for button in at.get("download_button")}
    assert {"transplant_immortal_pptx", "transplant_immortal_docx"} <= keys
    at.button(key="transplant_immortal_story_0").click().run()
    (step,) = at.session_state["_story"].steps
    (one,) = answered(Story(steps=(step,)), {})
    assert one.answer is not None
    assert one.answer.sentences[0] in words(at)
    script = dict(step_files(one, None))["script.py"]
    check_tables(f"\n{run(str(script), tmp_path)}", one.answer)
    told(at, "truth", titled(at, "Planted truth and estimates, 837 patients"))


def test_home_leads_here(open_app: Opener):
    at = open_app("home", cohort="demo:mds")
    titles = [question.title for question in questions(load_demo("mds"), "demo:mds")]
    position = titles.index("Who benefits from a transplant, and when?")
    at.button(key=f"question_{position}").click().run()
    calm(at)
    assert at.title[0].value == "Transplant"


# Thin and odd data ---------------------------------------------------------------------------


def table_of(n: int = 200, **columns: object) -> bytes:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "patient_id": [f"A{i}" for i in range(n)],
            "age_years": rng.integers(40, 70, n),
            "os_months": rng.exponential(40, n).round(1) + 1,
            "os_event": rng.integers(0, 2, n),
            **columns,
        }
    )
    return frame.to_csv(index=False).encode()


def uploaded(content: bytes, **state: str) -> AppTest:
    cohort = load_table_bytes("own.csv", content)
    return calm(open_upload(cohort, "transplant", state=state))


def some(n: int, k: int, month: float = 0.5) -> list[float | None]:
    return [month if i < k else None for i in range(n)]


def drawn_data(n: int = 400) -> dict[str, Any]:
    """Follow-up, transplants in about a third and two classes, the columns of a table."""
    rng = np.random.default_rng(1)
    months = rng.exponential(40, n).round(1) + 1
    given = np.where(rng.random(n) < 0.3, (months * rng.random(n)).round(1), np.nan)
    return {
        "os_months": months,
        "os_event": rng.integers(0, 2, n),
        "transplant_months": given,
        "ipssr": np.where(np.arange(n) % 2 == 0, "Low", "High"),
    }


def without_events_in_one_class() -> bytes:
    columns = drawn_data()
    columns["os_event"] = np.where(columns["ipssr"] == "Low", 0, columns["os_event"])
    return table_of(400, **columns)


def transplanted_by_a_marker() -> bytes:
    """Nearly all carriers are transplanted and hardly anybody else: weights explode."""
    columns = drawn_data()
    rng = np.random.default_rng(4)
    carrier = rng.random(400) < 0.5
    given = rng.random(400) < np.where(carrier, 0.9, 0.05)
    month = (columns["os_months"] * 0.5 * rng.random(400)).round(2)
    columns["transplant_months"] = np.where(given, month, np.nan)
    return table_of(400, **columns, TP53=carrier.astype(int))


def long_after() -> bytes:
    """Transplants only years after any window that the page suggests."""
    columns = drawn_data()
    columns["os_months"] = columns["os_months"] + 60
    columns["transplant_months"] = some(400, 80, 55.0)
    return table_of(400, **columns)


# What the page says, how many figures the four answers still have, and how many the delays.
ODD: dict[str, tuple[Callable[[], bytes], str, int, int]] = {
    "two transplants": (
        lambda: table_of(transplant_months=some(200, 2)),
        "transplant within 3 months: 2)",
        6,
        2,
    ),
    "everyone transplanted": (
        lambda: table_of(transplant_months=some(200, 200)),
        "only 0 followed no transplant: too few to compare a transplant with",
        6,
        0,
    ),
    "all at time zero": (
        lambda: table_of(transplant_months=some(200, 200, 0.0)),
        "200 transplants, but none during follow-up (200 at time zero)",
        0,
        0,
    ),
    "all before time zero": (
        lambda: table_of(transplant_months=some(200, 60, -3.0)),
        "60 transplants, but none during follow-up (60 before time zero)",
        0,
        0,
    ),
    "all after the end": (
        lambda: table_of(transplant_months=some(200, 60, 900.0)),
        "none during follow-up (60 at or after the end of it)",
        0,
        0,
    ),
    "some before time zero": (
        lambda: table_of(transplant_months=[*some(100, 20, -3.0), *some(100, 60)]),
        "20 transplanted before time zero",
        8,
        2,
    ),
    "some after the end": (
        lambda: table_of(transplant_months=[*some(100, 20, 900.0), *some(100, 60)]),
        "20 transplants dated at or after the end of follow-up did not count",
        8,
        2,
    ),
    "no events": (
        lambda: table_of(transplant_months=some(200, 60), os_event=[0] * 200),
        "No event was observed",
        0,
        0,
    ),
    "a class without events": (
        without_events_in_one_class,
        "Too little for an estimate of its own",
        8,
        2,
    ),
    "weights that explode": (transplanted_by_a_marker, "single patients", 6, 2),
    "transplants outside every window": (long_after, "within 24 months: 0", 6, 2),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_data_get_a_sentence_and_keep_what_is_supported(name: str):
    make, sentence, answers, delays = ODD[name]
    at = uploaded(make(), view="The protocol")
    said = words(at) + "\n".join(str(table.value.to_numpy()) for table in at.get("table"))
    for view, number in (("Four answers", answers), ("When", delays)):
        if at.segmented_control:
            at.segmented_control[0].set_value(view).run()
            calm(at)
        assert len(figures(at)) == number, view
        said += words(at)
    assert sentence in said


def test_diagnostics_of_odd_data_say_why_they_are_empty():
    at = uploaded(long_after(), view="Four answers")
    for tab, sentence in (
        ("Weights", "The largest weight is"),
        ("Positivity", "Nobody was transplanted in the window of any strategy"),
        ("Balance", "Too few followed a strategy with a transplant"),
        ("E-value", "There is no estimate that a hidden confounder could explain away"),
    ):
        diagnosis(at, tab)
        assert sentence in words(at)


def test_nobody_eligible_is_said(open_app: Opener):
    at = opened(open_app, oldest="20")
    assert "Nobody is eligible" in words(at)
