"""What Cox models say: answers of their forest, checks, adjusted curves and subgroup forest."""

from __future__ import annotations

from functools import partial

import pandas as pd

from app.analysis.regression import support_sentences
from app.cohort.colours import assign_colours
from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.forest import forest_alt, forest_figure
from app.study.figures.theme import titled
from app.study.wording import TimeUnit, count, mid_sentence
from app.views.survival.cox.analysis import CohortModels, fit_models
from app.views.survival.cox.checks import (
    AdjustedView,
    SubgroupForest,
    adjusted_curves,
    residual_trend,
    subgroup_forest,
)
from app.views.survival.cox.figures_adjusted import adjusted_figure
from app.views.survival.cox.figures_residuals import residual_figure
from app.views.survival.cox.words import (
    accounting,
    adjusted_sentences,
    hazards_sentence,
    interaction_sentences,
    notes,
    reading,
)
from app.views.survival.cox.words_methods import adjusted_methods, models_methods, subgroup_methods
from app.views.survival.cox.words_rows import forest_rows, numbers_table, term_labels
from app.views.survival.curves.words_sheets import adjusted_sheet, in_unit_of, model_tests, told
from data_loaders import Cohort

# Concordance takes a while in more patients than this; it stands under the checks then.
TELLING = 50_000


def models_answer(cohort: Cohort, result: CohortModels) -> Answer:
    """The answer of Cox models: the hazard ratio of each covariate.

    Raises
    ------
    ValueError
        If none has an estimate.
    """
    model = result.shown
    if model is None:
        raise ValueError(result.problem)
    endpoint = result.table.outcome.endpoint
    title = f"{endpoint.label}, univariable Cox models"
    sentences = ["Each covariate by itself: what one stands for the others is not taken out."]
    if result.model is not None:
        title = f"{endpoint.label}, Cox model of {count(model.n, 'patient')}"
        sentences = [*reading(result), hazards_sentence(model)]
    rows = forest_rows(result)
    return Answer(
        key="cox",
        name=(endpoint.key, "cox"),
        title=title,
        figures={"Figure": titled(cohort, title, forest_figure, rows)},
        numbers=partial(numbers_table, result),
        alt=forest_alt(title, rows, sentences),
        accounting=accounting(result),
        tables=partial(_tables, result),
        methods=models_methods(result, concordance=model.n <= TELLING),
        sentences=sentences,
        notes=notes(result),
        told=_told(result),
        footnote=(
            "Cox proportional hazards models with Efron's handling of ties, in the patients with "
            "all covariates known; Wald intervals. How each number is computed is on the Methods "
            "page."
        ),
    )


def hazards_answer(
    cohort: Cohort, result: CohortModels, *, term: str | None = None, unit: TimeUnit = "years"
) -> Answer:
    """The answer whether hazards are proportional.

    Parameters
    ----------
    result
        The models; the one of all covariates together is checked.
    term
        The term whose residuals are drawn; the first where the model has none of this name.

    Raises
    ------
    ValueError
        If there is no such model.
    """
    model = result.together()
    labels = term_labels(result, model)
    term = term if term in labels else next(iter(labels))
    endpoint = result.table.outcome.endpoint
    title = f"{endpoint.label}: effect over time"
    trend = residual_trend(model, term)
    said = hazards_sentence(model)
    return Answer(
        key="residuals",
        of_patients=frozenset({"Figure"}),
        name=(endpoint.key, "proportional_hazards", term),
        title=title,
        figures={"Figure": titled(cohort, title, residual_figure, trend, labels[term], unit)},
        numbers=lambda: trend.points,
        alt=f"{title}. Scaled Schoenfeld residuals of {labels[term]} with a smooth curve. {said}",
        accounting=accounting(result),
        tables=lambda: {"Tests": model_tests(model), "Residuals": model.schoenfeld},
        methods=models_methods(result, concordance=True),
        sentences=(
            said,
            "The blue course is the log hazard ratio as it moves with time; the dashed line is the "
            "one number that the model gives for all times. Where the line leaves the band, read "
            "the ratio as an average, cut follow-up by the limit, or make the covariate a stratum.",
        ),
        told=_told(result),
    )


def adjusted_answer(
    cohort: Cohort, result: AdjustedView, *, unit: TimeUnit = "years", unadjusted: bool = True
) -> Answer:
    """The answer of adjusted survival curves."""
    models, covariate = result.models, result.covariate
    endpoint = models.table.outcome.endpoint
    by = mid_sentence(covariate.name)
    title = f"{endpoint.label} by {by}, adjusted, {count(result.adjusted.n, 'patient')}"
    sentences = adjusted_sentences(result)
    others = [mid_sentence(c.name) for c in models.covariates if c is not covariate]
    kept = f" ({', '.join(others)})" if others else ""
    return Answer(
        key="adjusted",
        name=(endpoint.key, "adjusted", covariate.name),
        title=title,
        figures={
            "Figure": titled(
                cohort, title, adjusted_figure, result, _colours(result), unit,
                event_label=endpoint.event_label, unadjusted=unadjusted,
            )
        },
        numbers=lambda: result.adjusted.table,
        alt=f"{title}. {' '.join(sentences)}",
        accounting=accounting(models),
        tables=lambda: {
            "Summary": adjusted_sheet(result, unit),
            "Differences": in_unit_of(result.milestones.differences, unit),
            "Curves": in_unit_of(result.adjusted.table, unit),
            "Overlap": result.adjusted.support,
        },
        methods=[
            *models_methods(models, concordance=models.together().n <= TELLING),
            adjusted_methods(result.adjusted),
        ],
        sentences=sentences,
        cautions=(*support_sentences(result.adjusted), *models.table.contained),
        told={**_told(models), "Curves by": covariate.name},
        footnote=(
            "Adjusted: what the Cox model predicts if everyone analysed were of one level and kept "
            f"all else{kept}, averaged over them. It holds as far as the model does."
        ),
    )  # fmt: skip


def subgroups_answer(cohort: Cohort, result: SubgroupForest) -> Answer:
    """The answer of a subgroup forest."""
    outcome, shown, rows = result.table.outcome, result.exposure, result.rows
    title = f"{outcome.endpoint.label}: effect of {mid_sentence(shown.name)} in subgroups"
    sentences = interaction_sentences(result)
    alt = forest_alt(title, rows, sentences)
    if shown.kind == "levels":
        sentences.append(f"The effect is that of {shown.levels[1]} against {shown.levels[0]}.")
    return Answer(
        key="subgroups",
        name=(outcome.endpoint.key, "subgroups", shown.name),
        title=title,
        figures={"Figure": titled(cohort, title, forest_figure, rows)},
        numbers=lambda: rows,
        alt=alt,
        accounting=Accounting(
            outcome.selected,
            int(rows["n"].iloc[0]),
            verb="are in the row of all patients; numbers are split at their median",
        ),
        tables=lambda: {"Subgroups": rows},
        methods=subgroup_methods(result),
        sentences=sentences,
        cautions=result.table.contained if result.adjusted else (),
        told=told(outcome, None),
    )


MODELS = Analysis(fit_models, models_answer)
HAZARDS = Analysis(fit_models, hazards_answer)
ADJUSTED = Analysis(adjusted_curves, adjusted_answer)
SUBGROUPS = Analysis(subgroup_forest, subgroups_answer)


def _tables(models: CohortModels) -> dict[str, pd.DataFrame]:
    tables = {"Coefficients": numbers_table(models)}
    if models.model is not None:
        tables["Tests"] = model_tests(models.model)
    return tables


def _told(models: CohortModels) -> dict[str, str]:
    return {
        **told(models.table.outcome, None),
        "Covariates": ", ".join(covariate.name for covariate in models.covariates),
        "Strata": ", ".join(covariate.name for covariate in models.table.strata),
    }


def _colours(view: AdjustedView) -> list[str]:
    """The colours that the same groups have everywhere else."""
    known = dict(zip(view.covariate.levels, view.covariate.colours, strict=False))
    usual = assign_colours(view.names)
    return [known.get(name, usual[i]) for i, name in enumerate(view.names)]
