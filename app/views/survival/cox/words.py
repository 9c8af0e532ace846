"""What the Cox models of a cohort say, in words and from rules."""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np
import pandas as pd

from app.analysis.likelihood import Part
from app.analysis.regression import CoxModel
from app.study.accounting import Accounting
from app.study.wording import (
    MONTHS_PER_YEAR,
    SIGNIFICANT,
    count,
    format_p,
    format_percent_ci,
    listing,
    mid_sentence,
    three_figures,
)
from app.views.survival.cox.analysis import CohortModels
from app.views.survival.cox.checks import AdjustedView, SubgroupForest
from app.views.survival.cox.words_rows import estimates, units_of

_MOST_SENTENCES = 6


def reading(models: CohortModels) -> list[str]:
    """What the model of all covariates together says, one sentence each."""
    model = models.model
    if model is None:
        return []
    crossed = {p.variable for t in model.fitted.terms if len(t.parts) > 1 for p in t.parts}
    plain = [
        (term.parts[0], row)
        for term, row in estimates(model)
        if len(term.parts) == 1
        and term.parts[0].variable not in crossed
        and not np.isnan(row["p_value"])
    ]
    clear = [(part, row) for part, row in plain if _is_clear(row)]
    effects = [
        _effect(models, list(own)) for _, own in groupby(clear, key=lambda pair: pair[0].variable)
    ]
    event = models.table.outcome.endpoint.event_label
    alone = len(models.covariates) == 1 and not models.table.strata
    opening = f"he hazard of {event} is"
    opening = f"T{opening}" if alone else f"Holding the others fixed, t{opening}"
    sentences = [
        f"{opening if i == 0 else 'It is'} {words}."
        for i, words in enumerate(effects[:_MOST_SENTENCES])
    ]
    if len(effects) > _MOST_SENTENCES:
        more = len(effects) - _MOST_SENTENCES
        sentences.append(f"Clear effects of {more} more covariates are in the table.")
    unclear = [part for part, row in plain if not _is_clear(row)]
    if unclear:
        interval = "its interval includes" if len(unclear) == 1 else "their intervals include"
        named = [_short(list(own)) for _, own in groupby(unclear, key=lambda part: part.variable)]
        sentences.append(f"No clear effect of {listing(named)}: {interval} 1.")
    return sentences + [_crossed(model, a, b) for a, b in models.interactions]


def _is_clear(row: pd.Series) -> bool:
    return bool(row["p_value"] < SIGNIFICANT and np.isfinite(row["hr"]))


def _effect(models: CohortModels, own: list[tuple[Part, pd.Series]]) -> str:
    """Clear effects of one covariate."""
    part = own[0][0]
    times = [_times(row) for _, row in own]
    variable = mid_sentence(part.variable)
    if part.level is None:
        covariate = next(c for c in models.covariates if c.name == part.variable)
        if covariate.kind == "number":
            return f"{times[0]} as high for each {units_of(models, covariate)} more of {variable}"
        return f"{times[0]} as high with {variable}"
    first = f"{times[0]} as high in {part.level} as in {part.reference} ({variable})"
    each = [f"{words} in {part.level}" for words, (part, _) in zip(times, own, strict=True)]
    return listing([first, *each[1:]])


def _times(row: pd.Series) -> str:
    numbers = [float(row[name]) for name in ("hr", "lower", "upper")]
    # One digit says enough, except next to 1, where it could read as 1.0.
    digits = 1 if min(numbers) >= 1.15 else 2
    hr, lower, upper = (_plain(number, digits) for number in numbers)
    return f"{hr} times ({lower} to {upper})"


def _plain(ratio: float, digits: int) -> str:
    if not np.isfinite(ratio):
        return "infinitely many" if ratio > 0 else "?"
    return three_figures(ratio) if ratio >= 100 else f"{ratio:.{digits}f}"


def _short(own: list[Part]) -> str:
    """The covariate, or those of its levels."""
    variable = mid_sentence(own[0].variable)
    if own[0].level is None:
        return variable
    levels = listing([str(part.level) for part in own])
    return f"{levels} against {own[0].reference} ({variable})"


def _crossed(model: CoxModel, a: str, b: str) -> str:
    own = [
        row
        for term, row in estimates(model)
        if len(term.parts) > 1 and {part.variable for part in term.parts} == {a, b}
    ]
    own = [row for row in own if not np.isnan(row["p_value"])]
    if not own:
        return (
            f"Whether the effect of {mid_sentence(a)} differs with {mid_sentence(b)} cannot be "
            "said: too few patients have both."
        )
    p = min(float(row["p_value"]) for row in own)
    smallest = "" if len(own) == 1 else "smallest "
    verdict = "differs with" if p < SIGNIFICANT else "does not clearly differ with"
    return (
        f"The effect of {mid_sentence(a)} {verdict} {mid_sentence(b)} ({smallest}{format_p(p)}); "
        "the rows of the two by themselves hold where the other is 0 or at its reference."
    )


def accounting(models: CohortModels) -> Accounting:
    """Who is in the model, and why the others are not."""
    model, outcome = models.shown, models.table.outcome
    if model is None:
        return Accounting.of(outcome, "could be followed")
    left_out = dict(outcome.left_out)
    if model.n < outcome.n:
        lacking = [f"{mid_sentence(k)} in {v:,}" for k, v in model.missing.items()]
        reason = f"without complete covariates (not known or not tested: {listing(lacking)})"
        left_out[reason] = outcome.n - model.n
    verb = f"are in the model, with {count(model.events, 'event')}"
    return Accounting(outcome.selected, model.n, left_out, outcome.limit, verb)


def notes(models: CohortModels) -> list[str]:
    """What a reader must know before reading the figure, one sentence each."""
    endpoint = models.table.outcome.endpoint
    found = []
    if models.constant:
        verb = "is" if len(models.constant) == 1 else "are"
        found.append(
            f"{listing([c.name for c in models.constant])} {verb} left out of the model: the same "
            "in everybody with a known value."
        )
    found += [
        f"{c.name} comes about during follow-up. As a covariate from time zero it credits the "
        "treated with the time they had to survive to be treated (immortal time): read its effect "
        "as biased."
        for c in models.covariates
        if c.after_baseline
    ]
    found += [
        f"The groups of {mid_sentence(c.name)} were found in the same patients: the model "
        "describes them and does not confirm that they matter in others."
        for c in models.covariates
        if c.data_driven
    ]
    if len(models.covariates) > 1 and models.model is not None:
        found += models.table.contained
    if endpoint.competing is not None and models.shown is not None:
        found.append(
            "Competing events count as censored: these are cause-specific hazard ratios, about the "
            "rate among those still event-free and not about the cumulative incidence."
        )
    if models.model is not None:
        found += models.model.notes
    return found


def concordance_words(model: CoxModel, interval: str = "") -> str:
    """Harrell's concordance with its interval, where its variance is not zero.

    Parameters
    ----------
    interval
        What stands before the limits.
    """
    c = model.concordance
    if math.isnan(c.lower):
        return f"{c:.3f} (no interval: it does not vary)"
    return f"{c:.3f} ({interval}{c.lower:.3f} to {c.upper:.3f})"


def model_line(model: CoxModel, *, concordance: bool) -> str:
    """How well the model tells patients apart, its test, and events for each coefficient.

    Parameters
    ----------
    concordance
        Whether to count Harrell's concordance, which takes a while in a very large cohort.
    """
    statistic, df, p_value = model.likelihood_ratio
    words = ""
    if concordance:
        words = f"Harrell's concordance {concordance_words(model, '95% CI ')}. "
    return (
        f"{words}Likelihood-ratio test {format_p(p_value)} (chi-squared {statistic:.1f}, "
        f"{count(df, 'degree')} of freedom); {model.events / max(df, 1):.0f} events for each "
        "coefficient."
    )


# Proportional hazards, adjusted curves, subgroups ----------------------------------------------


def hazards_sentence(model: CoxModel) -> str:
    """What the test of proportional hazards says."""
    test = model.ph_test.set_index("term")["p_value"]
    whole = format_p(float(test["GLOBAL"]))
    doubtful = test.drop("GLOBAL")
    doubtful = doubtful[doubtful < SIGNIFICANT]
    if doubtful.empty:
        if test["GLOBAL"] < SIGNIFICANT:
            return (
                f"Proportional hazards are doubtful for the model as a whole ({whole}), though for "
                "no covariate by itself."
            )
        return f"Nothing speaks against proportional hazards (test of all covariates {whole})."
    named = [f"{mid_sentence(str(name))} ({format_p(float(p))})" for name, p in doubtful.items()]
    ratio = "its ratio averages" if len(named) == 1 else "their ratios average"
    return f"Proportional hazards are doubtful for {listing(named)}: {ratio} over time."


def adjusted_table(view: AdjustedView) -> pd.DataFrame:
    """Survival of each level at 1, 3 and 5 years, adjusted and as observed, as printed.

    Years that nobody is followed to are left out.
    """
    table = view.milestones.table.dropna(subset=["survival"])
    rows = []
    for name in view.names:
        own = table[table["group"] == name]
        row: dict[str, object] = {"Group": name, "n": view.unadjusted[name].n}
        for adjusted in own.itertuples():
            year = f"{adjusted.time / MONTHS_PER_YEAR:g}-year"
            at = view.unadjusted[name].at(adjusted.time).iloc[0]
            row[f"{year} adjusted"] = format_percent_ci(
                adjusted.survival, adjusted.lower, adjusted.upper
            )
            row[f"{year} observed"] = format_percent_ci(at["survival"], at["lower"], at["upper"])
        rows.append(row)
    return pd.DataFrame(rows)


def adjusted_sentences(view: AdjustedView) -> list[str]:
    """What the adjusted curves say at the latest round year that they reach."""
    table = adjusted_table(view)
    columns = [name for name in table.columns if name.endswith("adjusted")]
    if not columns:
        return []
    year = columns[-1].partition("-")[0]
    event_label = view.models.table.outcome.endpoint.event_label
    state = "alive" if event_label == "death" else f"free of {event_label}"
    return [
        f"{row['Group']}: at {count(int(year), 'year')} {row[f'{year}-year adjusted']} {state} "
        f"after adjustment, {row[f'{year}-year observed']} as observed in {row['n']:,}."
        for row in table.to_dict("records")[:_MOST_SENTENCES]
    ]


def interaction_sentences(forest: SubgroupForest) -> list[str]:
    """Whether the effect differs between the levels of the other covariates, in words."""
    rows = forest.rows
    tests = rows.dropna(subset=["interaction_p"]).drop_duplicates("group")
    differing = [
        f"{mid_sentence(str(row.group))} (interaction {format_p(row.interaction_p)})"
        for row in tests.itertuples()
        if row.interaction_p < SIGNIFICANT
    ]
    name = mid_sentence(forest.exposure.name)
    sentences = []
    if differing:
        sentences.append(f"The effect of {name} differs with {listing(differing)}.")
    same = [str(row.group) for row in tests.itertuples() if row.interaction_p >= SIGNIFICANT]
    if same:
        sentences.append(
            f"No sign that the effect of {name} differs with "
            f"{listing([mid_sentence(text) for text in same])}: "
            "read the row of all patients, not whether one row by itself is significant."
        )
    sentences += [
        f"{row.label if str(row.group) in str(row.label) else f'{row.group}, {row.label}'}: "
        f"{row.why[:1].lower() + row.why[1:]}"
        for row in rows.assign(why=[str(note) for note in rows["why"]]).itertuples()
        if row.why and not np.isfinite(row.hr)
    ][:_MOST_SENTENCES]
    if len(tests) > 1:
        sentences.append(
            f"{len(tests)} interactions were tested and not adjusted for their number."
        )
    return sentences
