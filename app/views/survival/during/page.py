"""An event during follow-up as an exposure: four answers side by side, the naive one marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from app.shell.controls.adjusting import draw_adjustment
from app.shell.controls.choice import choice, number, pick
from app.shell.controls.curve_options import TimeOptions, draw_time_options
from app.shell.controls.endpoint import draw_endpoint_choice
from app.shell.controls.typed_times import typed_times
from app.shell.layout import figure_with_downloads
from app.shell.links import told_apart
from app.shell.memory import ask, result_of
from app.shell.session import Looking
from app.shell.show import say, take_away
from app.shell.tables import draw_table
from app.study.analyses import answer_of
from app.study.answer import Answer
from app.study.exposures import Exposure, exposure_options, exposure_times
from app.study.outcomes import outcome_of
from app.study.wording import format_p, format_ratio, mid_sentence
from app.views.survival.during.analysis import DuringFollowUp, usual_landmarks
from app.views.survival.during.answer import LANDMARK, NAIVE, TIME_DEPENDENT
from app.views.survival.during.words import NOT_CAUSAL
from app.views.survival.page_immortal_time import EXPOSURE, SHOWN
from data_loaders import Endpoint

SIDE_BY_SIDE = "Side by side"
_LATEST = 1200.0
_MOST_LANDMARKS = 8
_WHAT = {
    NAIVE: "Who ever had the event against who never did, from time zero. Wrong: the first group "
    "could not die before.",
    LANDMARK: "Groups by the status at the landmark, clock reset there; who was no longer followed "
    "is left out, and later events do not change the group.",
    TIME_DEPENDENT: "Everyone starts in the curve without the event and moves to the other when it "
    "happens. The curves show hazards in each state, not a fixed group of patients.",
}


def draw_during_follow_up(looking: Looking) -> None:
    """Draw the controls, the answers, what they say and what can be taken away."""
    cohort = looking.cohort
    left, middle, right = st.columns([4, 5, 3], vertical_alignment="bottom")
    with left:
        endpoint = draw_endpoint_choice(cohort)
    options = exposure_options(cohort, endpoint)
    if not options:
        say_none(cohort.endpoints[endpoint])
        return
    with middle:
        exposure = draw_exposure(options)
    with right.popover("Options", icon=":material/tune:", width="stretch", key="during_options"):
        time, start = draw_during_options()
        adjust = draw_adjustment(
            cohort, key="during_adjust", label="Time-dependent Cox adjusted for", usual=True
        )
    outcome = outcome_of(
        cohort, looking.selection.mask, endpoint, limit=time.limit, truncated=False
    )
    began = exposure_times(cohort, exposure, endpoint).months[outcome.used]
    landmarks, drawn = draw_landmarks(usual_landmarks(outcome, began))
    settings = {
        "endpoint_key": endpoint,
        "exposure": exposure,
        "limit": time.limit,
        "landmarks": landmarks,
        "drawn": drawn,
        "start": start,
        "adjust": tuple(adjust),
    }
    question = ask(looking, "survival.during", settings)
    try:
        result: DuringFollowUp = result_of(question)
    except ValueError as error:
        st.info(str(error))
        return
    question = replace(question, shown={"unit": time.unit})
    answer = answer_of(question, cohort, result)
    draw_during(answer, result)
    take_away(answer, question)


def say_none(endpoint: Endpoint) -> None:
    """Say what an event during the follow-up of an endpoint would need."""
    st.info(
        f"No event during follow-up can be compared for {mid_sentence(endpoint.label)}: that needs "
        "a column with the time of a treatment or response in months, such as transplant_months or "
        "cr_months (empty for who never had it), or a second endpoint such as AML transformation."
    )


def draw_during(answer: Answer, result: DuringFollowUp) -> None:
    """The answers in one forest, what they say, the pairs of curves and every landmark."""
    chart, words = st.columns([5, 4], gap="large")
    with chart:
        figure_with_downloads(
            answer.figure, answer.numbers, key="during_forest", name=answer.name, alt=answer.alt
        )
    with words:
        say(answer)
    _draw_curves(answer, result)
    _draw_landmark_table(result)
    st.caption(NOT_CAUSAL)


# What is asked -------------------------------------------------------------------------------


def draw_exposure(options: Sequence[Exposure]) -> str:
    """The control of the event; its key."""
    labels = told_apart({option.key: option.label for option in options})
    return pick("Event during follow-up", labels, EXPOSURE, labels=labels)


def draw_during_options() -> tuple[TimeOptions, float]:
    """Unit and limit, and the start of the Simon-Makuch curves in months."""
    time = draw_time_options()
    start = number(
        "Simon-Makuch curves from month",
        "simon_makuch_start",
        value=0.0,
        help="A later start keeps a curve from falling to zero while few have had the event.",
    )
    return time, float(start or 0.0)


def draw_landmarks(usual: Sequence[float]) -> tuple[list[float], float]:
    """The landmarks in months, and the one whose curves are drawn.

    Parameters
    ----------
    usual
        Those taken where none are typed.
    """
    left, right = st.columns([4, 8], vertical_alignment="bottom")
    typed = left.text_input(
        "Landmarks, months (separate by commas)",
        key="landmarks",
        placeholder=", ".join(f"{mark:g}" for mark in usual),
        bind="query-params",
    )
    marks = _months(typed) or list(usual)
    names = {f"{mark:g}": mark for mark in marks}
    middle = list(names)[(len(names) - 1) // 2]
    with right:
        key = f"landmark_of_{'_'.join(names)}"
        chosen = choice("Curves of the landmark at month", names, key, default=middle, linked=False)
    return marks, names[chosen]


def _months(typed: str | None) -> list[float]:
    """The landmarks typed, ascending; what is no time is said and left out."""
    marks = set()
    for word, mark in typed_times(typed):
        if 0 < mark <= _LATEST:
            marks.add(mark)
        else:
            st.info(f"“{word}” is not a landmark: type months such as 3, 6, 12.")
    return sorted(marks)[:_MOST_LANDMARKS]


# What is shown -------------------------------------------------------------------------------


def _draw_curves(answer: Answer, result: DuringFollowUp) -> None:
    """The pairs of curves side by side, or one of them large."""
    st.subheader("Curves", anchor=False)
    pairs = [NAIVE, LANDMARK, TIME_DEPENDENT]
    shown = choice("Curves shown", [SIDE_BY_SIDE, *pairs], SHOWN, quiet=True)
    names = pairs if shown == SIDE_BY_SIDE else [shown]
    for place, name in zip(st.columns(len(names)), names, strict=True):
        with place:
            if name in answer.figures:
                figure_with_downloads(
                    answer.figures[name](),
                    partial(_curve_numbers, result, name),
                    key=f"during_{name}",
                    name=("during", name),
                    alt=f"{name}: {_WHAT[name]}",
                )
            else:
                key = "landmark" if name == LANDMARK else "simon_makuch"
                st.info(result.why_not.get(key, "There are no curves to draw."))
            st.caption(_WHAT[name])


def _curve_numbers(result: DuringFollowUp, name: str) -> pd.DataFrame:
    """The steps of a pair of curves, months; the unexposed first."""
    of = {
        NAIVE: result.naive_curves,
        LANDMARK: result.landmark_curves,
        TIME_DEPENDENT: result.simon_makuch,
    }
    pair = of[name]
    curves = {"not exposed": pair.unexposed, "exposed": pair.exposed} if pair else {}
    tables = [
        km.table.rename(columns={"time": "time_months"}).assign(group=group)
        for group, km in curves.items()
        if km is not None
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _draw_landmark_table(result: DuringFollowUp) -> None:
    st.subheader("Every landmark", anchor=False)
    draw_table(_landmark_table(result), key="landmark_table")
    st.caption(
        f"Exposed: with {result.exposure.noun} by the landmark. Exposed later: with it after the "
        "landmark, counted as not exposed. Out: follow-up had ended by the landmark, with the "
        "event or censored. Hazard ratios by Cox models, p-values by log-rank tests."
    )


def _landmark_table(result: DuringFollowUp) -> pd.DataFrame:
    """One row a landmark, numbers as they stand in a paper."""
    table = result.landmarks
    ratios = zip(table["hr"], table["lower"], table["upper"], strict=True)
    frame = pd.DataFrame(
        {
            "Month": table["landmark"],
            "HR (95% CI)": [format_ratio(*ratio) for ratio in ratios],
            "Log-rank": ["–" if pd.isna(p) else format_p(p) for p in table["p_value"]],
            "Exposed": table["n_exposed"],
            "Events": table["events_exposed"],
            "Not exposed": table["n"] - table["n_exposed"],
            "Events ": table["events"] - table["events_exposed"],
            "Exposed later": table["exposed_later"],
            "Out: event": table["events_before"],
            "Out: censored": table["censored_before"],
            "Note": table["note"],
        }
    )
    return frame if frame["Note"].any() else frame.drop(columns="Note")
