"""How far an emulated trial can be trusted: weights, positivity, balance, other choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import pandas as pd
import streamlit as st

from app.analysis.transplant import (
    Emulation,
    balance_within,
    weight_histogram,
)
from app.shell.layout import bullets
from app.shell.story.adding import draw_adding
from app.shell.tables import draw_table
from app.study.answer import Answer
from app.study.wording import format_ratio, mid_sentence
from app.views.transplant.answer_told import Choices
from app.views.transplant.answer_views import BALANCE, CHOICES, POSITIVITY, TRUST, WEIGHTS
from app.views.transplant.answers.analysis import who_could_follow
from app.views.transplant.page_parts import answered, draw_figure, wrapped_table
from app.views.transplant.page_work import Work, sensitivity_job
from app.views.transplant.words import primary_of
from app.views.transplant.words_trust import (
    balance_reading,
    choices_reading,
    e_value_reading,
    measured_reading,
    positivity_reading,
    weight_reading,
    within_reading,
)

_MOST_NOTES = 5


def draw_diagnostics(work: Work, found: Emulation, group: str) -> None:
    """Tabs, of which only the open one is computed."""
    st.subheader("Can it be trusted?", anchor=False)
    places = st.tabs(list(TABS), key="transplant_trust", on_change="rerun")
    for place, draw in zip(places, TABS.values(), strict=True):
        if place.open:
            with place:
                draw(work, found, group)


def _draw_assumptions(_: Work, found: Emulation, __: str) -> None:
    bullets(found.notes[:_MOST_NOTES])
    rest = found.notes[_MOST_NOTES:]
    if rest:
        with st.expander(f"{len(rest)} more, by strategy and class"):
            bullets(rest)
    st.caption(f"{found.method}.")


def _draw_weights(work: Work, found: Emulation, _: str) -> None:
    histogram = work.remembered("transplant weights", partial(weight_histogram, found))
    answer, question = answered(work, TRUST, found)
    sentence = weight_reading(found.weights)
    left, right = st.columns([7, 5], gap="large")
    with left:
        draw_figure(
            answer.figures[WEIGHTS](),
            lambda: histogram,
            [sentence],
            key="weights",
        )
        draw_adding(answer, question, WEIGHTS)
    with right:
        st.markdown(sentence)
        table = found.weights
        wrapped_table(
            pd.DataFrame(
                {
                    "Strategy": table["strategy"],
                    "Patients": table["state"],
                    "n": [f"{n:,}" for n in table["n"]],
                    "Effective n": [f"{n:,.0f}" for n in table["effective"]],
                    "Largest": [f"{weight:,.1f}" for weight in table["maximum"]],
                }
            )
        )
        st.caption(
            "Stabilised weights should average about 1. The effective number is how many equally "
            "weighted patients would say as much; where it is far below n, few patients decide."
        )
    with st.expander("The models behind the weights: who is transplanted, and who is lost"):
        draw_table(_ratios(found.adherence), key="transplant_adherence")


def _ratios(table: pd.DataFrame) -> pd.DataFrame:
    ratios = zip(table["hr"], table["lower"], table["upper"], strict=True)
    return pd.DataFrame(
        {
            "Model": table["model"],
            "Per standard deviation of": table["term"],
            "HR (95% CI)": ["–" if pd.isna(ratio[0]) else format_ratio(*ratio) for ratio in ratios],
            "Note": table["note"],
        }
    )


def _draw_positivity(work: Work, found: Emulation, _: str) -> None:
    try:
        followed = who_could_follow(work.looking.cohort, work.trial, work.protocol, found)
    except ValueError as error:
        st.info(str(error))
        return
    answer, question = answered(work, POSITIVITY, followed)
    sentence = positivity_reading(work.protocol.kinds, work.trial.primary.label)
    st.markdown(sentence)
    numbers = dict(iter(followed.table.groupby("strategy", sort=False)))
    _draw_each(answer, numbers, "positivity", sentence)
    draw_adding(answer, question)
    st.caption(
        "Weights cannot make up for patients who are not there: where nobody, or next to nobody, "
        "could have followed a strategy, a narrower eligibility is the honest answer."
    )


def _draw_balance(work: Work, found: Emulation, __: str) -> None:
    table = found.balance
    sentence = balance_reading(table)
    if table.empty:
        st.info(sentence)
        return
    st.markdown(sentence)
    by_strategy = table.groupby("strategy", sort=False)
    numbers = {f"{BALANCE}: {mid_sentence(name)}": own for name, own in by_strategy}
    answer, question = answered(work, TRUST, found)
    _draw_each(answer, numbers, "balance", sentence)
    draw_adding(answer, question, *numbers)
    st.caption(
        "Differences in standard deviations between who follows the strategy at the end of its "
        f"window and who follows {mid_sentence(found.reference)}. Dotted lines: below 0.1 after "
        "weighting is good, above 0.25 is a reason to doubt."
    )
    within = work.remembered("transplant balance", partial(balance_within, found))
    if len(within):
        with st.expander("Within each class, and over time"):
            bullets(within_reading(within, found))
            draw_table(_within(within), key="transplant_balance_within")


def _within(table: pd.DataFrame) -> pd.DataFrame:
    """The confounder that differs most, by group and time."""
    return pd.DataFrame(
        {
            "Strategy": table["strategy"],
            "Patients": table["group"],
            "Month": table["at"].round().astype(int),
            "Differs most in": table["term"],
            "Before, SD": table["smd_before"].round(2),
            "After, SD": table["smd_after"].round(2),
            "Followers": table["n"],
            "of the reference": table["n_reference"],
        }
    )


def _draw_choices(work: Work, found: Emulation, group: str) -> None:
    job = sensitivity_job(work)
    if job.state == "refused":
        st.info(job.message)
        return
    if job.state != "done":
        if not job.finished:
            st.skeleton(260)
        return
    table = job.result
    own = table[table["group"] == group]
    sentence = choices_reading(own)
    st.markdown(sentence)
    answer, question = answered(work, CHOICES, Choices(found, table, group), group=group)
    _draw_each(answer, dict.fromkeys(answer.figures, own), "choices", sentence)
    draw_adding(answer, question)
    st.caption(
        "The same trial with another grace period, cut-off of the weights, spread of the "
        "transplants or handling of losses, or without one of the confounders; estimates without "
        "intervals. If the answer hangs on a choice, it is not an answer."
    )


def _draw_e_value(work: Work, found: Emulation, __: str) -> None:
    table = found.contrasts[found.contrasts["supported"]]
    if table.empty:
        st.info("There is no estimate that a hidden confounder could explain away.")
        return
    job = sensitivity_job(work)
    first, said = table[table["strategy"] == primary_of(found)], []
    for _, row in first[first["group"].isin([found.groups[0], *(found.halves or ())])].iterrows():
        measured = ""
        if job.state == "done":
            own = job.result[job.result["group"] == row["group"]]
            measured = measured_reading(own, row)
        said.append(f"{e_value_reading(row)} {measured}")
    bullets(said)
    wrapped_table(
        pd.DataFrame(
            {
                "Class": table["group"],
                "Strategy": table["strategy"],
                "Hazard ratio": _rounded(table["hazard_ratio"]),
                "E-value": _rounded(table["e_value_hazard"]),
                "E-value of the limit": _rounded(table["e_value_hazard_limit"]),
            }
        )
    )
    st.caption(
        "How strongly something not recorded here would have to be tied to both the transplant and "
        "the event, as a risk ratio, beyond the confounders, to explain the estimate away; from "
        "the hazard ratio, as the event is common (VanderWeele and Ding 2017). A limit of 1: the "
        "interval already holds no difference."
    )


def _rounded(values: pd.Series) -> list[str]:
    return ["–" if pd.isna(value) else f"{value:.2f}" for value in values]


def _draw_each(
    answer: Answer, numbers: Mapping[str, pd.DataFrame], key: str, sentence: str
) -> None:
    """The figures that ``numbers`` names, one a strategy, beside each other."""
    for number, (name, table) in enumerate(numbers.items()):
        if number % 2 == 0:
            places = st.columns(min(2, len(numbers)), gap="large")
        with places[number % 2]:
            draw_figure(
                answer.figures[name](),
                table.copy,
                [sentence],
                key=key if number == 0 else f"{key}_{number + 1}",
            )


TABS: dict[str, Callable[[Work, Emulation, str], None]] = {
    "Assumptions": _draw_assumptions,
    "Weights": _draw_weights,
    "Positivity": _draw_positivity,
    "Balance": _draw_balance,
    "Other choices": _draw_choices,
    "E-value": _draw_e_value,
}
