"""Cox models: hazard ratios of chosen covariates, whether the model holds, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from app.analysis.regression import CoxModel
from app.shell.controls.choice import choice, pick, toggle
from app.shell.memory import ask, remembered, result_of
from app.shell.session import Looking
from app.shell.show import frame, show, take_away
from app.shell.tables import draw_table
from app.study.analyses import answer_of
from app.study.question import Question
from app.study.wording import TimeUnit, format_p_cell
from app.views.survival.cox.analysis import CohortModels
from app.views.survival.cox.answer import TELLING
from app.views.survival.cox.checks import NOTHING_ADJUSTABLE, adjustable, adjusted_view
from app.views.survival.cox.page_controls import ACROSS, covariate_labels, draw_model_controls
from app.views.survival.cox.words import accounting, adjusted_table, model_line, notes
from app.views.survival.cox.words_rows import summary_table, term_labels
from data_loaders import Cohort
from data_loaders.arrays import Ints, States

_LEAST_IN_A_CELL = 3
_LOOKED_AT = 25


def draw_models(looking: Looking) -> None:
    """Draw the controls and the part of the view that is chosen; only that part is computed."""
    try:
        settings, unit = draw_model_controls(looking)
        question = ask(looking, "survival.cox", settings)
        models: CohortModels = result_of(question)
        part = choice("Part", _PARTS, "model_part", quiet=True)
        _PARTS[part](looking, question, models, unit)
    except ValueError as error:
        st.info(str(error))


def draw_forest(looking: Looking, question: Question, models: CohortModels, _: TimeUnit) -> None:
    """Hazard ratios as a forest plot and a table, with what they say."""
    if models.shown is None:
        for note in (models.problem, *notes(models)):
            st.info(note)
        st.caption(accounting(models).caption())
        return
    answer, place = answer_of(question, looking.cohort, models), frame()
    if models.problem:
        place.words.warning(models.problem)
    show(answer, place)
    if models.model is not None:
        telling = models.model.n <= TELLING
        place.words.caption(model_line(models.model, concordance=telling))
    st.subheader("In numbers", anchor=False)
    draw_table(summary_table(models), key="cox_table")
    take_away(answer, question)


def draw_hazards(
    looking: Looking, question: Question, models: CohortModels, unit: TimeUnit
) -> None:
    """Test of proportional hazards, residuals of one term, and how well the model does."""
    model = models.together()
    labels = term_labels(models, model)
    place = frame()
    term = place.figure.selectbox(
        "Residuals of",
        list(labels),
        format_func=lambda name: labels.get(name, name),
        key="residuals_of",
    )
    shown = {"term": term, "unit": unit}
    question = replace(question, analysis="survival.cox.hazards", shown=shown)
    answer = answer_of(question, looking.cohort, models)
    show(answer, place)
    with place.words:
        _draw_tests(model)
        st.caption(model_line(model, concordance=True))
    take_away(answer, question)


def _draw_tests(model: CoxModel) -> None:
    test = model.ph_test
    column = st.column_config.Column
    draw_table(
        pd.DataFrame(
            {
                "Covariate": test["term"].replace("GLOBAL", "All together"),
                "Chi-squared": [f"{chi2:.2f}" for chi2 in test["chi2"]],
                "df": test["df"],
                "p": test["p_value"].map(format_p_cell),
            }
        ),
        key="ph_table",
        # Fixed, so that a long name is cut rather than the p-values pushed out of sight.
        column_config={
            "Covariate": column(width=150),
            "Chi-squared": column(width=80),
            "df": column(width=40),
            "p": column(width=70),
        },
    )


def draw_adjusted(
    looking: Looking, question: Question, models: CohortModels, unit: TimeUnit
) -> None:
    """Standardised survival curves of one covariate beside the Kaplan-Meier curves."""
    models.together()
    options = {c.name: c for c in adjustable(models)}
    if not options:
        st.info(NOTHING_ADJUSTABLE)
        return
    left, right = st.columns([5, 3], gap="large", vertical_alignment="bottom")
    name = left.selectbox("Curves by", list(options), index=len(options) - 1, key="adjusted_by")
    both = toggle("Unadjusted curves too", "unadjusted", value=True, place=right)
    covariate = options.get(name) or next(iter(options.values()))
    question = replace(
        question,
        analysis="survival.cox.adjusted",
        settings={"by": covariate.spec, **question.settings},
        shown={"unit": unit, "unadjusted": both},
    )
    # The model is at hand: only a script fits it again.
    average = partial(adjusted_view, models, covariate)
    view = remembered(question, average, "Averaging the curves over the cohort…")
    answer, place = answer_of(question, looking.cohort, view), frame()
    show(answer, place)
    st.subheader("In numbers", anchor=False)
    draw_table(adjusted_table(view), key="adjusted_table")
    take_away(answer, question)


def draw_subgroups(looking: Looking, question: Question, models: CohortModels, _: TimeUnit) -> None:
    """Effect of one binary covariate across the levels of others."""
    cohort = looking.cohort
    labels = covariate_labels(cohort)
    two = _two_sided(models, labels)
    if not two:
        st.info(
            "A subgroup forest shows the effect of something that is there or not: this cohort "
            "has no alteration or other variable with two values."
        )
        return
    left, middle, right = st.columns([4, 6, 3], vertical_alignment="bottom")
    first = _first_exposure(cohort, models, two)
    exposure = pick("Effect of", two, "exposure", default=first, labels=labels, place=left)
    by = middle.multiselect(
        "Across the levels of",
        [spec for spec in labels if spec != exposure],
        default=[c.spec for c in models.covariates if c.spec != exposure],
        format_func=lambda text: labels.get(text, text),
        key=ACROSS,
        placeholder="Variables, genes or events",
        select_all=False,
    )
    adjusted = toggle("Adjust for the others", "subgroup_adjust", value=True, place=right)
    by = [spec for spec in by if spec in labels and spec != exposure]
    strata = [c.spec for c in models.table.strata if c.spec not in (exposure, *by)]
    question = ask(
        looking,
        "survival.cox.subgroups",
        {
            "endpoint_key": question.settings["endpoint_key"],
            "exposure": exposure,
            "by": by,
            "strata": strata,
            "adjusted": bool(adjusted),
            "limit": models.table.outcome.limit,
        },
    )
    answer, place = answer_of(question, cohort, result_of(question)), frame()
    show(answer, place)
    if not by:
        place.words.markdown("Choose what to divide the patients by.")
    take_away(answer, question)


_PARTS: dict[str, Callable[[Looking, Question, CohortModels, TimeUnit], None]] = {
    "Forest": draw_forest,
    "Proportional hazards": draw_hazards,
    "Adjusted curves": draw_adjusted,
    "Subgroup forest": draw_subgroups,
}


def _two_sided(models: CohortModels, labels: dict[str, str]) -> list[str]:
    """What has two values: of the model's covariates first, then the alterations."""
    own = [c.spec for c in models.covariates if len(c.levels) == 2]
    altered = [spec for spec in labels if spec.startswith("alteration:")]
    return list(dict.fromkeys([*own, *altered]))


def _first_exposure(cohort: Cohort, models: CohortModels, two: list[str]) -> str:
    """The first alteration that is there and not there in every level of the other covariates."""
    frame = models.table.frame
    layers = [frame[c.name].cat.codes.to_numpy() for c in models.covariates if c.kind == "levels"]
    altered = [spec for spec in two if spec.startswith("alteration:")]
    for spec in altered[:_LOOKED_AT]:
        state = cohort.feature_state(spec.removeprefix("alteration:"))
        state = state[models.table.outcome.used][frame.index]
        if all(_in_every_cell(codes, state) for codes in layers):
            return spec
    return (altered or two)[0]


def _in_every_cell(codes: Ints, state: States) -> bool:
    known = (codes >= 0) & (state >= 0)
    cells = np.bincount(
        2 * codes[known].astype(np.int64) + state[known], minlength=2 * (codes.max(initial=0) + 1)
    )
    pairs = cells.reshape(-1, 2)
    return bool(len(pairs)) and bool((pairs[pairs.sum(axis=1) > 0] >= _LEAST_IN_A_CELL).all())
