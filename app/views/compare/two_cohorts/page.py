"""What two cohorts answer to the same question: words, survival, clinical, alterations."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app.cohort.groupings import SAVED
from app.shell.columns import ALWAYS_PRINTED, PRINTED, percent, pinned, two_decimals
from app.shell.controls.time_axis import draw_axis_end
from app.shell.layout import bullets, figure_with_downloads
from app.shell.saved_groups import saved_groups
from app.shell.show import take_away_with
from app.shell.story.adding import draw_adding
from app.shell.tables import draw_table
from app.study.answer import Answer
from app.study.figures.theme import title_of
from app.study.question import OTHER, Question, Second
from app.views.compare.match import shared
from app.views.compare.page_groups import Compared, draw_guard
from app.views.compare.two_cohorts.analysis import TwoCohorts
from app.views.compare.two_cohorts.answer import (
    alterations_sentence,
    clinical_sentence,
    cohorts_answer,
)
from app.views.compare.two_cohorts.asking import Both
from app.views.compare.two_cohorts.script import cohorts_script
from app.views.survival.curves.analysis import GroupSurvival
from app.views.survival.curves.figures import survival_alt
from app.views.survival.curves.words import numbers_table, reading


def draw_answer(compared: Compared, both: Both, other: str) -> None:
    """What both cohorts say, in words, figures and to take away; ``other`` is the second's key."""
    result, asked = both.result, both.asked
    survival = result.survival
    if survival is not None:
        first, *later = [side.grouping for side in result.sides]
        draw_guard(compared, next((one for one in (first, *later) if one.after_baseline), first))
    words, curves = st.container(), st.container()
    until = None
    if survival is not None:
        with curves:
            columns = st.container()
            until = draw_axis_end(
                max(held.supported_until for held in survival),
                max(held.last_time for held in survival),
            )
    answer = cohorts_answer(result, until=until)
    tell = partial(draw_adding, answer, _question(compared, both, other, until))
    with words:
        _draw_words(compared, result, answer)
    if survival is not None:
        with columns:
            _draw_survival(result, survival, answer, tell)
        years = (survival[0].outcome.limit or 0) / 12
        st.caption(
            f"Same groups, colours and axes. Follow-up ends at {years:.1f} years in both, where "
            "that of the shorter cohort ends, for every number here."
        )
    else:
        st.info(f"{result.names[1]} does not have the endpoint chosen; choose one of both.")
    _draw_clinical(result, answer, tell)
    _draw_alterations(result, answer, tell)
    _draw_not_shared(result)
    take_away_with(answer, partial(cohorts_script, result, asked))


def _draw_words(compared: Compared, result: TwoCohorts, answer: Answer) -> None:
    sizes = [
        f"**{side.cohort.name}**: "
        + ", ".join(f"{name} {size:,}" for name, size in zip(side.names, side.sizes, strict=True))
        for side in result.sides
    ]
    st.markdown("  \n".join(sizes))
    left = [name for name in compared.result.names if name not in result.groups]
    if left:
        st.caption(f"Not in both, hence not shown: {', '.join(left)}.")
    st.subheader("Is it the same in both?", anchor=False)
    bullets(answer.sentences)
    if result.synthetic:
        st.caption("At least one of the two cohorts is simulated: what comes again proves nothing.")


def _question(compared: Compared, both: Both, other: str, until: float | None) -> Question:
    """The question to both cohorts, which a story can ask again."""
    asked, before = both.asked, compared.question
    theirs = both.result.sides[1].cohort
    spec = asked.specs[1]
    saved = {spec.name: saved_groups(theirs)[spec.name]} if spec.kind == SAVED else {}
    second = Second.of(other, theirs, saved)
    settings = {
        OTHER: second.to_dict(),
        "where": json.dumps(asked.filters[0].to_dict(), sort_keys=True),
        "by": str(asked.specs[0]),
        "arrangement": json.dumps(asked.arrangement.to_dict(), sort_keys=True),
        "groups": before.settings["groups"],
        "same": dict(asked.same),
        "endpoint_key": both.result.sides[0].endpoint_key,
    }
    return replace(before, analysis="compare.cohorts", settings=settings, shown={"until": until})


def _draw_survival(
    result: TwoCohorts,
    survival: tuple[GroupSurvival, GroupSurvival],
    answer: Answer,
    tell: Callable[..., None],
) -> None:
    columns = st.columns(2, gap="large")
    for place, (column, side, held) in enumerate(zip(columns, result.sides, survival, strict=True)):
        sentences, figure = reading(held), answer.figures[f"Survival {place + 1}"]()
        with column:
            figure_with_downloads(
                figure,
                partial(numbers_table, held, "years"),
                key=f"cohorts_km_{place}",
                name=("compare", side.cohort.name, held.endpoint.key),
                alt=survival_alt(title_of(figure), held, sentences),
                beside=partial(tell, f"Survival {place + 1}"),
            )
            bullets(sentences)


def _draw_clinical(result: TwoCohorts, answer: Answer, tell: Callable[..., None]) -> None:
    table = result.clinical
    if not len(table):
        st.info("The cohorts have no clinical variable in common.")
        return
    _draw_figure(answer, tell, "Clinical", table, clinical_sentence(result))
    shown = table.drop(columns=["variable", "directed"])
    _draw_table(result, shown, "Variable", key="cohorts_clinical_table")
    two = len(result.groups) == 2
    st.caption(
        "SMD: standardised mean difference"
        + (
            f", positive where higher or more frequent in {result.groups[0]}, with "
            if two
            else "; "
        )
        + ("95% interval. " if two else "the largest of any two groups. ")
        + "q (Benjamini-Hochberg) over the variables that both have."
    )


def _draw_alterations(result: TwoCohorts, answer: Answer, tell: Callable[..., None]) -> None:
    table = result.alterations
    if not len(table):
        st.info("No alteration is frequent enough in both cohorts to be compared.")
        return
    _draw_figure(answer, tell, "Alterations", table, alterations_sentence(result))
    _draw_table(result, table.drop(columns="feature"), "Alteration", key="cohorts_table")


def _draw_figure(
    answer: Answer, tell: Callable[..., None], what: str, table: pd.DataFrame, sentence: str
) -> None:
    figure = answer.figures[what]()
    figure_with_downloads(
        figure,
        lambda: table,
        key=f"cohorts_{what.lower()}",
        name=("compare", "two cohorts", what.lower()),
        alt=f"{title_of(figure)}. {sentence}",
        beside=partial(tell, what),
    )


def _draw_table(result: TwoCohorts, table: pd.DataFrame, what: str, *, key: str) -> None:
    """A table with the same columns of either cohort."""
    ratios = "odds_ratio_1" in table
    limit = st.column_config.NumberColumn if ratios else two_decimals
    config: dict[str, Any] = {"label": pinned(what), "agrees": "Same direction"}
    for side, name in enumerate(result.names, start=1):
        config |= {
            f"smd_{side}": f"{name}: SMD",
            f"odds_ratio_{side}": f"{name}: odds ratio",
            f"difference_{side}": percent(f"{name}: difference"),
            f"lower_{side}": limit("95% from" + " " * side),
            f"upper_{side}": limit("to" + " " * side),
            f"p_value_{side}": f"{name}: p",
            f"q_value_{side}": f"{name}: q",
            f"missing_{side}": f"{name}: missing",
        }
    printed = {
        f"{column}_{side}": how
        for column, how in PRINTED.items()
        if ratios or column in ALWAYS_PRINTED
        for side in (1, 2)
    }
    draw_table(table, key=key, column_config=config, printed=printed)


def _draw_not_shared(result: TwoCohorts) -> None:
    said = shared(result.matching).sentences(*result.names)
    if said:
        with st.expander("What only one of the cohorts has, hence is not compared"):
            bullets(said)
