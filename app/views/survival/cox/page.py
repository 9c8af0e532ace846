"""Cox models: hazard ratios of chosen covariates, whether the model holds, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from app.shell.layout import figure_with_downloads
from app.shell.session import Looking
from app.shell.tables import draw_table
from app.shell.take_away import TakeAway, draw_take_away
from app.study.figures.forest import forest_alt, forest_figure
from app.study.figures.theme import framed
from app.study.wording import TimeUnit, count
from app.views.survival.cox.analysis import CohortModels
from app.views.survival.cox.checks import hazards_sentence
from app.views.survival.cox.page_controls import draw_model_controls, models_of
from app.views.survival.cox.page_parts import (
    TELLING,
    draw_adjusted,
    draw_hazards,
    draw_subgroups,
    model_told,
)
from app.views.survival.cox.script import models_script
from app.views.survival.cox.words import accounting, model_line, notes, reading
from app.views.survival.cox.words_methods import models_methods
from app.views.survival.cox.words_rows import forest_rows, numbers_table, summary_table
from app.views.survival.curves.words_sheets import model_tests

FOREST, HAZARDS, ADJUSTED, SUBGROUPS = (
    "Forest",
    "Proportional hazards",
    "Adjusted curves",
    "Subgroup forest",
)


def draw_models(looking: Looking) -> None:
    """Draw the controls and the part of the view that is chosen; only that part is computed."""
    try:
        settings, time = draw_model_controls(looking)
        models = models_of(looking, settings)
    except ValueError as error:
        st.info(str(error))
        return
    parts: dict[str, Callable[[Looking, CohortModels, TimeUnit], None]] = {
        FOREST: draw_forest,
        HAZARDS: draw_hazards,
        ADJUSTED: draw_adjusted,
        SUBGROUPS: draw_subgroups,
    }
    part = st.segmented_control(
        "Part",
        list(parts),
        default=FOREST,
        required=True,
        key="model_part",
        bind="query-params",
        label_visibility="collapsed",
    )
    parts.get(part or FOREST, draw_forest)(looking, models, time.unit)


def draw_forest(looking: Looking, models: CohortModels, _unit: TimeUnit) -> None:
    """Hazard ratios as a forest plot and a table, with what they say."""
    model = models.shown
    if model is None:
        st.info(models.problem)
        for note in notes(models):
            st.info(note)
        st.caption(accounting(models))
        return
    endpoint = models.table.outcome.endpoint
    rows = forest_rows(models)
    title = _title(models)
    telling = model.n <= TELLING
    sentences = reading(models)
    if models.model is not None:
        sentences.append(hazards_sentence(models.model))
    figure = framed(forest_figure(rows), title, synthetic=looking.synthetic)
    chart, words = st.columns([5, 3], gap="large")
    with chart:
        figure_with_downloads(
            figure,
            partial(numbers_table, models),
            key="cox",
            name=(endpoint.key, "cox"),
            alt=forest_alt(title, rows, sentences),
        )
    with words:
        if models.problem:
            st.warning(models.problem)
        st.subheader("In words", anchor=False)
        for note in notes(models):
            st.info(note)
        if models.model is None:
            st.markdown(
                "Each covariate by itself: what one stands for the others is not taken out."
            )
        st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
        st.caption(accounting(models))
        if models.model is not None:
            st.caption(model_line(models.model, concordance=telling))
    st.subheader("In numbers", anchor=False)
    draw_table(summary_table(models), key="cox_table")
    draw_take_away(
        looking,
        TakeAway(
            key="cox",
            name=(endpoint.key, "cox"),
            figures={"Figure": figure},
            sheets=partial(_sheets, models),
            told=model_told(models),
            methods=models_methods(models, looking.selection, concordance=telling),
            script=partial(models_script, models, looking.cohort, looking.filter),
        ),
    )
    st.caption(
        "Cox proportional hazards models with Efron's handling of ties, in the patients with all "
        "covariates known; Wald intervals. How each number is computed is on the Methods page."
    )


def _title(models: CohortModels) -> str:
    label = models.table.outcome.endpoint.label
    if models.model is None:
        return f"{label}, univariable Cox models"
    return f"{label}, Cox model of {count(models.model.n, 'patient')}"


def _sheets(models: CohortModels) -> dict[str, pd.DataFrame]:
    sheets = {"Coefficients": numbers_table(models)}
    if models.model is not None:
        sheets["Tests"] = model_tests(models.model)
    return sheets
