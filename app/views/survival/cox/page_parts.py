"""Parts of the Cox model view beside its forest: checks, adjusted curves, subgroups."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from app.analysis.regression import CoxModel, support_sentences
from app.cohort.colours import assign_colours
from app.cohort.groupings import GroupingSpec
from app.shell.layout import figure_with_downloads
from app.shell.memory import ask, remembered
from app.shell.saved_groups import saved_groups
from app.shell.session import Looking
from app.shell.tables import draw_table
from app.shell.take_away import TakeAway, draw_take_away
from app.study.figures.forest import forest_alt, forest_figure
from app.study.figures.theme import framed
from app.study.wording import TimeUnit, count, format_p_cell, mid_sentence
from app.views.survival.cox.analysis import CohortModels
from app.views.survival.cox.checks import (
    AdjustedView,
    adjustable,
    adjusted_sentences,
    adjusted_table,
    adjusted_view,
    hazards_sentence,
    interaction_sentences,
    residual_trend,
    subgroup_rows,
)
from app.views.survival.cox.figures_adjusted import adjusted_figure
from app.views.survival.cox.figures_residuals import residual_figure
from app.views.survival.cox.frame import Covariate, ModelFrame, model_frame
from app.views.survival.cox.page_controls import ACROSS, covariate_labels
from app.views.survival.cox.script import models_script, subgroups_script
from app.views.survival.cox.words import accounting, model_line
from app.views.survival.cox.words_methods import adjusted_methods, models_methods, subgroup_methods
from app.views.survival.cox.words_rows import term_labels
from app.views.survival.curves.words_sheets import adjusted_sheet, in_unit_of, model_tests, told
from data_loaders import Cohort

# Concordance takes a while in more patients than this; it stands under the checks then.
TELLING = 50_000
_LEAST_IN_A_CELL = 3
_LOOKED_AT = 25


def model_told(models: CohortModels) -> dict[str, str]:
    """Endpoint, covariates and strata of the models, for the first sheet of a workbook."""
    return {
        **told(models.table.outcome, None),
        "Covariates": ", ".join(covariate.name for covariate in models.covariates),
        "Strata": ", ".join(covariate.name for covariate in models.table.strata),
    }


def _whole_model(models: CohortModels) -> CoxModel | None:
    """The model of all covariates together; says why where there is none."""
    if models.model is None:
        st.info(
            models.problem
            or "This part needs the model of all covariates together: choose Multivariable or Both "
            "under Options."
        )
    return models.model


def draw_hazards(looking: Looking, models: CohortModels, unit: TimeUnit) -> None:
    """Test of proportional hazards, residuals of one term, and how well the model does."""
    model = _whole_model(models)
    if model is None:
        return
    endpoint = models.table.outcome.endpoint
    labels = term_labels(models, model)
    terms = list(labels)
    chart, words = st.columns([5, 3], gap="large")
    with chart:
        term = st.selectbox(
            "Residuals of",
            terms,
            format_func=lambda name: labels.get(name, name),
            key="residuals_of",
        )
        term = term if term in terms else terms[0]
        title = f"{endpoint.label}: effect over time"
        trend = residual_trend(model, term)
        figure = framed(
            residual_figure(trend, labels[term], unit), title, synthetic=looking.synthetic
        )
        figure_with_downloads(
            figure,
            lambda: trend.points,
            key="residuals",
            name=(endpoint.key, "schoenfeld", term),
            alt=f"{title}. Scaled Schoenfeld residuals of {labels[term]} with a smooth curve. "
            f"{hazards_sentence(model)}",
        )
    test = model.ph_test
    p_values = test["p_value"].map(format_p_cell)
    with words:
        st.subheader("In words", anchor=False)
        st.markdown(
            f"- {hazards_sentence(model)}\n- The blue course is the log hazard ratio as it moves "
            "with time; the dashed line is the one number that the model gives for all times. "
            "Where the line leaves the band, read the ratio as an average, cut follow-up by the "
            "limit, or make the covariate a stratum."
        )
        printed = pd.DataFrame(
            {
                "Covariate": test["term"].replace("GLOBAL", "All together"),
                "Chi-squared": [f"{chi2:.2f}" for chi2 in test["chi2"]],
                "df": test["df"],
                "p": p_values,
            }
        )
        number = st.column_config.Column
        draw_table(
            printed,
            key="ph_table",
            # Fixed, so that a long name is cut rather than the p-values pushed out of sight.
            column_config={
                "Covariate": number(width=150),
                "Chi-squared": number(width=80),
                "df": number(width=40),
                "p": number(width=70),
            },
        )
        st.caption(model_line(model, concordance=True))
        st.caption(accounting(models))
    draw_take_away(
        looking,
        TakeAway(
            key="residuals",
            name=(endpoint.key, "proportional_hazards"),
            figures={"Figure": figure},
            sheets=lambda: {"Tests": model_tests(model), "Residuals": model.schoenfeld},
            told=model_told(models),
            methods=models_methods(models, looking.selection, concordance=True),
            script=partial(models_script, models, looking.cohort, looking.filter),
        ),
    )


def draw_adjusted(looking: Looking, models: CohortModels, unit: TimeUnit) -> None:
    """Standardised survival curves of one covariate beside the Kaplan-Meier curves."""
    model = _whole_model(models)
    if model is None:
        return
    options = {c.name: c for c in adjustable(models)}
    if not options:
        st.info(
            "Adjusted curves need a covariate with levels, such as a gene, the sex or a risk "
            "class: add one to the covariates."
        )
        return
    endpoint = models.table.outcome.endpoint
    left, right = st.columns([5, 3], gap="large", vertical_alignment="bottom")
    name = left.selectbox("Curves by", list(options), index=len(options) - 1, key="adjusted_by")
    both = right.toggle("Unadjusted curves too", value=True, key="unadjusted", bind="query-params")
    covariate = options.get(name) or next(iter(options.values()))
    try:
        asked = {"models": asdict(models.settings), "levels_of": covariate.spec}
        view = remembered(
            ask(looking, "survival.cox.adjusted", asked),
            lambda: adjusted_view(models, covariate),
            "Averaging the curves over the cohort…",
        )
    except ValueError as error:
        st.info(str(error))
        return
    by = mid_sentence(covariate.name)
    title = f"{endpoint.label} by {by}, adjusted, {count(view.adjusted.n, 'patient')}"
    sentences = adjusted_sentences(view, endpoint.event_label)
    figure = framed(
        adjusted_figure(
            view,
            _colours(looking.cohort, view),
            unit,
            event_label=endpoint.event_label,
            unadjusted=bool(both),
        ),
        title,
        synthetic=looking.synthetic,
    )
    chart, words = st.columns([5, 3], gap="large")
    with chart:
        figure_with_downloads(
            figure,
            lambda: view.adjusted.table,
            key="adjusted",
            name=(endpoint.key, "adjusted", covariate.name),
            alt=f"{title}. " + " ".join(sentences),
        )
    with words:
        st.subheader("In words", anchor=False)
        st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
        cautions = [*support_sentences(view.adjusted), *models.table.contained]
        if cautions:
            st.warning("\n".join(f"- {caution}" for caution in cautions))
        others = [mid_sentence(c.name) for c in models.covariates if c is not covariate]
        st.caption(
            "Adjusted: what the Cox model predicts if everyone analysed were of one level and "
            "kept all else"
            + (f" ({', '.join(others)})" if others else "")
            + ", averaged over them. It holds as far as the model does."
        )
        st.caption(accounting(models))
    st.subheader("In numbers", anchor=False)
    draw_table(adjusted_table(view), key="adjusted_table")
    draw_take_away(
        looking,
        TakeAway(
            key="adjusted",
            name=(endpoint.key, "adjusted", covariate.name),
            figures={"Figure": figure},
            sheets=lambda: {
                "Summary": adjusted_sheet(view, unit),
                "Differences": in_unit_of(view.milestones.differences, unit),
                "Curves": in_unit_of(view.adjusted.table, unit),
                "Overlap": view.adjusted.support,
            },
            methods=models_methods(
                models,
                looking.selection,
                concordance=model.n <= TELLING,
                parts=[adjusted_methods(view.adjusted)],
            ),
            told={**model_told(models), "Curves by": covariate.name},
            script=partial(models_script, models, looking.cohort, looking.filter, covariate.name),
        ),
    )


def _colours(cohort: Cohort, view: AdjustedView) -> tuple[str, ...]:
    """The colours that the same groups have everywhere else."""
    grouping = GroupingSpec.parse(view.covariate.spec).build(cohort, saved=saved_groups(cohort))
    known = dict(zip(grouping.names, grouping.colours, strict=True))
    usual = assign_colours(view.names)
    return tuple(known.get(name, usual[i]) for i, name in enumerate(view.names))


def draw_subgroups(looking: Looking, models: CohortModels, _unit: TimeUnit) -> None:
    """Effect of one binary covariate across the levels of others."""
    cohort, settings = looking.cohort, models.settings
    labels = covariate_labels(cohort)
    two = _two_sided(models, labels)
    if not two:
        st.info(
            "A subgroup forest shows the effect of something that is there or not: this cohort "
            "has no alteration or other variable with two values."
        )
        return
    left, middle, right = st.columns([4, 6, 3], vertical_alignment="bottom")
    exposure = left.selectbox(
        "Effect of",
        two,
        index=two.index(_first_exposure(cohort, models, two)),
        format_func=lambda text: labels.get(text, text),
        key="exposure",
        bind="query-params",
    )
    exposure = exposure if exposure in two else two[0]
    by = middle.multiselect(
        "Across the levels of",
        [spec for spec in labels if spec != exposure],
        default=[c.spec for c in models.covariates if c.spec != exposure],
        format_func=lambda text: labels.get(text, text),
        key=ACROSS,
        placeholder="Variables, genes or events",
        select_all=False,
    )
    adjusted = right.toggle(
        "Adjust for the others", value=True, key="subgroup_adjust", bind="query-params"
    )
    specs = [exposure, *(spec for spec in by if spec in labels and spec != exposure)]
    strata = tuple(spec for spec in settings.strata if spec not in specs)
    asked = (settings.endpoint, strata, settings.limit, bool(adjusted))
    try:
        table, across, rows = remembered(
            ask(looking, "survival.cox.subgroups", {"specs": specs, "asked": asked}),
            lambda: _subgroups(looking, specs, asked),
            "Fitting a model in every subgroup…",
        )
    except ValueError as error:
        st.info(str(error))
        return
    shown = table.covariates[0]
    endpoint = table.outcome.endpoint
    title = f"{endpoint.label}: effect of {mid_sentence(shown.name)} in subgroups"
    sentences = interaction_sentences(rows, shown)
    figure = framed(forest_figure(rows), title, synthetic=looking.synthetic)
    chart, words = st.columns([5, 3], gap="large")
    with chart:
        figure_with_downloads(
            figure,
            lambda: rows,
            key="subgroup_forest",
            name=(endpoint.key, "subgroups", shown.name),
            alt=forest_alt(title, rows, sentences),
        )
    with words:
        st.subheader("In words", anchor=False)
        listed = "\n".join(f"- {sentence}" for sentence in sentences)
        st.markdown(listed or "Choose what to divide the patients by.")
        if shown.kind == "levels":
            st.caption(f"{shown.levels[1]} against {shown.levels[0]}.")
        if adjusted and table.contained:
            st.warning("\n".join(f"- {caution}" for caution in table.contained))
        st.caption(
            f"{int(rows['n'].iloc[0]):,} of {table.outcome.selected:,} selected patients are in "
            "the row of all patients; numbers are split at their median."
        )
    draw_take_away(
        looking,
        TakeAway(
            key="subgroups",
            name=(endpoint.key, "subgroups", shown.name),
            figures={"Figure": figure},
            sheets=lambda: {"Subgroups": rows},
            told=told(table.outcome, None),
            methods=subgroup_methods(table, across, looking.selection, adjusted=bool(adjusted)),
            script=partial(
                subgroups_script, table, across, cohort, looking.filter, adjusted=bool(adjusted)
            ),
        ),
    )


def _subgroups(
    looking: Looking, specs: list[str], asked: tuple[str, tuple[str, ...], float | None, bool]
) -> tuple[ModelFrame, list[Covariate], pd.DataFrame]:
    endpoint, strata, limit, adjusted = asked
    mask = looking.selection.mask
    table = model_frame(
        looking.cohort,
        mask,
        endpoint,
        specs,
        strata=strata,
        limit=limit,
        saved=saved_groups(looking.cohort),
    )
    exposure = table.covariates[0]
    across = [c for c in table.varying if c is not exposure]
    return table, across, subgroup_rows(table, exposure, across, adjusted=adjusted)


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


def _in_every_cell(codes: npt.NDArray[np.int64], state: npt.NDArray[np.int8]) -> bool:
    known = (codes >= 0) & (state >= 0)
    cells = np.bincount(
        2 * codes[known].astype(np.int64) + state[known], minlength=2 * (codes.max(initial=0) + 1)
    )
    pairs = cells.reshape(-1, 2)
    return bool(len(pairs)) and bool((pairs[pairs.sum(axis=1) > 0] >= _LEAST_IN_A_CELL).all())
