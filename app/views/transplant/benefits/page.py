"""Who benefits: the gain by risk class, age and alterations, with what supports it."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.shell.controls.choice import choice, several
from app.shell.layout import words_header
from app.shell.links import unique_labels
from app.shell.story.adding import draw_adding
from app.shell.tables import draw_table
from app.study.adjustment import age_column
from app.study.answer import Answer
from app.study.transplants.confounders import confounder_options
from app.study.wording import count
from app.views.transplant.answer_views import PARTS
from app.views.transplant.benefits.analysis import Benefit
from app.views.transplant.benefits.page_profile import draw_profile, draw_support
from app.views.transplant.page_parts import answered, draw_figure, take_away
from app.views.transplant.page_question import ALTERED
from app.views.transplant.page_work import Work, benefits

BY = "by"
_MOST_ALTERATIONS = 4
_ALTERATION = "alteration:"


def draw_benefits(work: Work) -> None:
    """The gain in parts of the patients, then patients of a stated kind."""
    figures, sheets = _draw_divisions(work)
    more, others = draw_profile(work)
    take_away(work, "benefit", {**figures, **more}, lambda: {**sheets, **others})


def _draw_divisions(work: Work) -> tuple[dict[str, go.Figure], dict[str, pd.DataFrame]]:
    """One division at a time: its heat map, its interactions, its support."""
    cohort = work.looking.cohort
    left, right = st.columns([7, 5], gap="large", vertical_alignment="bottom")
    with right:
        alterations = _draw_alterations(work)
    found = benefits(work, age_column(cohort), alterations)
    divisions = [*found.parts, *found.why_not]
    if not divisions:
        st.info(
            "There is nothing to divide these patients by: choose a risk class in the question, or "
            "an alteration."
        )
        return {}, {}
    with left:
        by = choice("Gain by", divisions, BY)
    if by in found.why_not:
        st.info(f"{by}: {found.why_not[by]}")
        return {}, _sheets(found)
    answer, question = answered(work, PARTS, found, by=by, alterations=alterations)
    figure = _draw_division(answer, found, by)
    draw_adding(answer, question)
    return {"Figure": figure}, _sheets(found)


def _draw_alterations(work: Work) -> tuple[str, ...]:
    """The alterations that patients are divided by, at first the leading ones of the weights."""
    cohort = work.looking.cohort
    options = [
        name.removeprefix(_ALTERATION)
        for name in confounder_options(cohort)
        if name.startswith(_ALTERATION)
    ]
    if not options:
        return ()
    usual = [name.removeprefix(_ALTERATION) for name in work.trial.confounders]
    labels = unique_labels(options, lambda name: str(cohort.features.loc[name, "label"]))
    chosen = several(
        "Alterations",
        options,
        ALTERED,
        labels=labels,
        default=[name for name in usual if name in options][:_MOST_ALTERATIONS],
        max_selections=_MOST_ALTERATIONS,
        placeholder="Genes or events",
    )
    return tuple(chosen)


def _draw_division(answer: Answer, found: Benefit, by: str) -> go.Figure:
    support = found.support[found.support["by"] == by]
    sentence = next((s for s in found.reading if s.startswith(f"{by}: ")), "")
    left, right = st.columns([7, 5], gap="large")
    with left:
        figure = draw_figure(
            answer.figure,
            lambda: found.parts[by].cells,
            [sentence],
            key="benefit",
            kind="Heat map",
            name=("benefit", by),
        )
    with right:
        words_header([sentence])
        st.markdown(sentence)
        if found.left_out.get(by):
            st.caption(
                f"{count(found.left_out[by], 'patient')} not known or not tested for it "
                "are left out here."
            )
        draw_support(support, "group", "Part")
        st.caption(
            "Grey cells rest on too few transplants or deaths. A difference between parts is what "
            "was seen together with it, not what caused it."
        )
    _draw_interactions(found, by)
    return figure


def _draw_interactions(found: Benefit, by: str) -> None:
    rows = found.interactions[(found.interactions["by"] == by) & found.interactions["supported"]]
    if rows.empty:
        return
    with st.expander("Differences between the gains, with intervals"):
        draw_table(
            pd.DataFrame(
                {
                    "Part": rows["group"],
                    "Against": rows["against"],
                    "Delay, months": rows["delay"],
                    "Difference of gain, months": rows["difference"].round(1),
                    "from": rows["lower"].round(1),
                    "to": rows["upper"].round(1),
                }
            ),
            key="transplant_interactions",
        )
        if len(rows) > 1:
            st.caption(f"{len(rows)} comparisons; their 95% intervals hold together.")


def _sheets(found: Benefit) -> dict[str, pd.DataFrame]:
    sheets = {f"Gain {number}": part.cells for number, part in enumerate(found.parts.values(), 1)}
    return {"Support": found.support, "Interactions": found.interactions, **sheets}
