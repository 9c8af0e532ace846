"""Paragraphs of the methods about Cox models, adjusted curves and subgroups, from their results."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from app.analysis.regression import AdjustedSurvival, CoxModel, support_sentences
from app.cohort.groupings import MIN_GROUP_FOR_TEST
from app.study.accounting import Accounting
from app.study.methods import endpoint_sentence
from app.study.outcomes import Outcome
from app.study.wording import count, format_p, listing, mid_sentence
from app.views.survival.cox.analysis import CohortModels
from app.views.survival.cox.checks import SubgroupForest
from app.views.survival.cox.words import concordance_words


def cox_methods(model: CoxModel, *, concordance: bool = True) -> str:
    """Cox model: method, ties, covariates, who was left out, proportional hazards, concordance.

    Parameters
    ----------
    concordance
        Whether to say Harrell's concordance, which takes a while in a very large cohort.
    """
    whole = model.ph_test.set_index("term").loc["GLOBAL"]
    rows = "patients" if model.patients == model.n else "rows"
    entered = "" if model.fitted.data.entry is None else " Risk sets begin at entry (start) times."
    sentences = [
        f"{model.method}, {model.conf_level:.0%} intervals.{entered}",
        _covariates(model.summary),
        _complete(model.n, model.n_given, model.missing, rows),
        f"{count(model.events, 'event')}.",
        "Proportional hazards were tested by the score test of Grambsch and Therneau over "
        f"Kaplan-Meier transformed time (global {format_p(float(whole['p_value']))}).",
    ]
    if concordance:
        sentences.append(f"Harrell's concordance {concordance_words(model)}.")
    return " ".join([*sentences, *model.notes])


def univariable_methods(models: CohortModels) -> str:
    """Univariable Cox models: how many, each in whom; empty where there are none."""
    fitted = [fit for fit in models.alone.values() if isinstance(fit, CoxModel)]
    if not fitted:
        return ""
    least, most = min(fit.n for fit in fitted), max(fit.n for fit in fitted)
    each = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    words = (
        f"Univariable models: {fitted[0].method.partition(',')[0]} of each of "
        f"{count(len(models.alone), 'covariate')} by itself, in those for whom it is known "
        f"({each} patients); p-values are not adjusted for their number."
    )
    failed = len(models.alone) - len(fitted)
    return f"{words} Without an estimate: {failed}." if failed else words


def models_methods(models: CohortModels, *, concordance: bool) -> list[str]:
    """Paragraphs about the models of a cohort; ``concordance`` as :func:`cox_methods` takes it."""
    together = "" if models.model is None else cox_methods(models.model, concordance=concordance)
    if models.constant:
        together += (
            " Left out of the models, being the same in all: "
            f"{listing([c.name for c in models.constant])}."
        )
    if models.model is not None:
        together = " ".join([together, *models.table.contained])
    return [_followed(models.table.outcome), univariable_methods(models), together.strip()]


def subgroup_methods(forest: SubgroupForest) -> list[str]:
    """Paragraphs about a subgroup forest: what was divided by what, how it was tested."""
    table = forest.table
    exposure = mid_sentence(forest.exposure.name)
    across = listing([mid_sentence(covariate.name) for covariate in forest.by]) or "nothing"
    models = "unadjusted"
    if forest.adjusted:
        models = "adjusted for the others of these"
        if any(covariate.kind == "number" for covariate in forest.by):
            models += " (for a number also within its own halves)"
    layers = f", stratified by {listing([c.name for c in table.strata])}" if table.strata else ""
    paragraph = (
        f"The effect of {exposure} was estimated within the levels of {across} (numbers split at "
        f"their median), one Cox model with Efron ties a level, {models}{layers}. Whether it "
        "differs between the levels was tested by the likelihood-ratio test of the interaction, "
        "not adjusted for the number of tests. No effect is given where fewer than "
        f"{MIN_GROUP_FOR_TEST} patients are on either side of it."
    )
    if forest.adjusted:
        paragraph = " ".join([paragraph, *table.contained])
    return [_followed(table.outcome), paragraph]


def _followed(outcome: Outcome) -> str:
    """Who was followed for what."""
    who = "All of them could be followed."
    if outcome.n < outcome.selected:
        reasons = listing(Accounting.of(outcome).reasons)
        who = f"Of these, {outcome.n:,} could be followed; left out: {reasons}."
    events = int(outcome.event.sum())
    endpoint = endpoint_sentence(outcome.endpoint, events, outcome.n, outcome.limit)
    if outcome.entry is not None:
        endpoint += f" Patients were at risk from their entry on (column {outcome.endpoint.entry})."
    return f"{who} {endpoint}"


def adjusted_methods(adjusted: AdjustedSurvival) -> str:
    """Adjusted survival curves: what they average over, and where they extrapolate."""
    told = (
        f"{adjusted.method} by averaging the curves that the Cox model predicts, with delta-method "
        "standard errors."
    )
    return " ".join([told, *support_sentences(adjusted)])


def _covariates(summary: pd.DataFrame) -> str:
    """Each variable once: its reference level, or the units its ratio is for."""
    words = []
    for variable, rows in summary.groupby("variable", sort=False):
        first = rows.iloc[0]
        detail = ""
        if isinstance(first["reference"], str) and first["reference"]:
            detail = f" (reference {first['reference']})"
        elif np.isfinite(first["per"]) and first["per"] != 1:
            detail = f" (per {first['per']:g})"
        words.append(f"{variable}{detail}")
    return f"Covariates: {listing(words)}."


def _complete(n: int, given: int, missing: Mapping[str, int], rows: str) -> str:
    if n == given:
        return f"All {n:,} {rows} were complete and analysed."
    lacking = [f"{column} in {number:,}" for column, number in missing.items() if number]
    return (
        f"{n:,} of {given:,} {rows} were complete and analysed; missing values: {listing(lacking)}."
    )
