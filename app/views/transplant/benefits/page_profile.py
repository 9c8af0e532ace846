"""Patients of a stated kind: life by delay, what supports it, and the nearest real patients."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.shell.controls.choice import number, pick, several
from app.shell.layout import bullets
from app.shell.links import unique_labels
from app.shell.story.adding import draw_adding
from app.shell.tables import draw_table
from app.study.adjustment import age_column
from app.study.answer import Answer
from app.views.transplant.answer_views import PROFILE
from app.views.transplant.benefits.profile import Profile, ProfileAnswer
from app.views.transplant.page_parts import answered, draw_figure, wrapped_table
from app.views.transplant.page_work import Work, profiled

_AGE, _CLASS, _WITH, _WITHOUT = "profile_age", "profile_class", "profile_with", "profile_without"
ANY = "any class"
_ALTERATION = "alteration:"


def draw_profile(work: Work) -> tuple[dict[str, go.Figure], dict[str, pd.DataFrame]]:
    """The controls and the answer; returns its figure and tables, to be taken away."""
    st.subheader("Patients of a kind", anchor=False)
    st.caption(
        "State what such patients have; in everything else they vary as the real ones of the class "
        "do. Age and alterations can be stated where the transplants are weighted for them."
    )
    profile = _draw_controls(work)
    try:
        found = profiled(work, profile, age_column(work.looking.cohort))
    except ValueError as error:
        st.info(str(error))
        return {}, {}
    answer, question = answered(work, PROFILE, found, profile=asdict(profile))
    figure = _draw_figure(answer, found)
    draw_adding(answer, question)
    _draw_nearest(work, found)
    return (
        {"Profile": figure},
        {"Profile life": found.simulation.cells, "Profile support": found.support},
    )


def draw_support(support: pd.DataFrame, column: str, heading: str) -> None:
    """What each part of the patients rests on; ``column`` names the part, under ``heading``."""
    names = {"n": "Patients", "transplanted": "Transplanted", "deaths": "Died"}
    names |= {"deaths_after": "after it"}
    counts = support[list(names)].map("{:,}".format).rename(columns=names)
    counts.insert(0, heading, support[column])
    wrapped_table(counts)


def _draw_controls(work: Work) -> Profile:
    cohort, data = work.looking.cohort, work.protocol.data
    places = st.columns(4, gap="medium")
    age = None
    column = age_column(cohort)
    if f"variable:{column}" in work.trial.confounders:
        years = cohort.numbers(column)
        usual = float(np.round(np.nanmedian(years[work.protocol.patients])))
        typed = number(
            "Age, years",
            _AGE,
            max_value=120.0,
            step=1.0,
            format="%g",
            placeholder=f"{usual:g}, the middle one",
            place=places[0],
        )
        age = usual if typed is None else float(typed)
    group = None
    if len(data.names) > 1:
        given = np.bincount(data.groups[data.ever_treated], minlength=len(data.names))
        first = data.names[int(given.argmax())]
        options = [first, *(name for name in data.names if name != first), ANY]
        chosen = pick("Class", options, _CLASS, place=places[1])
        group = chosen if chosen in data.names else None
    return Profile(age, group, _draw_alterations(work, places[2:]))


def _draw_alterations(
    work: Work, places: list[st.delta_generator.DeltaGenerator]
) -> dict[str, bool]:
    """Which of the alterations of the weights such patients have, and which they do not."""
    cohort = work.looking.cohort
    options = [
        name.removeprefix(_ALTERATION)
        for name in work.trial.confounders
        if name.startswith(_ALTERATION)
    ]
    if not options:
        return {}
    labels = unique_labels(options, lambda name: str(cohort.features.loc[name, "label"]))
    stated: dict[str, bool] = {}
    for place, words, key, present in (
        (places[0], "With", _WITH, True),
        (places[1], "Without", _WITHOUT, False),
    ):
        for name in several(words, options, key, labels=labels, placeholder="Any", place=place):
            stated.setdefault(name, present)
    return stated


def _draw_figure(answer: Answer, found: ProfileAnswer) -> go.Figure:
    left, right = st.columns([7, 5], gap="large")
    with left:
        figure = draw_figure(
            answer.figure,
            lambda: found.simulation.cells,
            found.reading,
            key="profile",
            kind="Line chart",
        )
    with right:
        bullets(found.reading)
        draw_support(found.support, "what", "Support")
    return figure


def _draw_nearest(work: Work, found: ProfileAnswer) -> None:
    """The nearest real patients, without their names."""
    nearest = found.nearest
    with st.expander(f"The {len(nearest)} nearest real patients, and what befell them"):
        columns: dict[str, object] = {}
        if "age" in nearest:
            columns["Age"] = nearest["age"]
        if "group" in nearest:
            columns["Class"] = nearest["group"]
        features = work.looking.cohort.features
        for name in found.profile.alterations:
            words = nearest[name].map({1.0: "present", 0.0: "absent"}).fillna("not tested")
            columns[str(features.loc[name, "label"])] = words
        columns["Transplanted at, months"] = nearest["transplant_months"].round(1)
        columns["Followed, months"] = nearest["months"].round(1)
        columns["At the end"] = nearest["event"].map({1: "died", 0: "alive"})
        draw_table(pd.DataFrame(columns), key="transplant_nearest")
        st.caption("Nearest first, by what is stated: ages by their ranks, classes by their order.")
