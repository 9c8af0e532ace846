"""Two scores beside each other, in sentences and tables."""

from __future__ import annotations

import pandas as pd

from app.study.wording import (
    TimeUnit,
    capitalised,
    count,
    format_interval,
    format_p,
    format_p_cell,
    format_percent,
    format_years,
    in_unit,
    mid_sentence,
)
from app.views.prognosis.pair.analysis import ScorePair
from app.views.prognosis.telling import MEASURES, NO_ENTRY, measures_of


def reading(result: ScorePair) -> list[str]:
    """Who moves, which orders the outcome better and by how much, in plain words."""
    first, second = result.first.label, result.second.label
    share = format_percent(result.moved / result.both) if result.both else "–"
    how = "another class" if result.same_names else "another class than most of theirs"
    sentences = [
        f"{result.moved:,} of {result.both:,} ({share}) have {how} by {second}: "
        f"{result.worse:,} a worse one, {result.better:,} a better one."
        if result.moved
        else f"None of {count(result.both, 'patient')} has {how} by {second}."
    ]
    found = result.discrimination
    if found is None:
        sentences.append("With fewer than 10 events nothing is said of discrimination.")
        return sentences
    for _, row in found.concordance.iterrows():
        told = ", ".join(f"{name} {figure}" for name, figure in measures_of(row).items())
        sentences.append(f"{row['score']}: {told}.")
    for _, row in found.difference.iterrows():
        clear = row["lower"] > 0 or row["upper"] < 0
        better = second if row["difference"] > 0 else first
        verdict = f"{better} tells the order better" if clear else "no clear difference"
        gap = _gap(row)
        sentences.append(f"{MEASURES[row['measure']]}, {second} less {first}: {gap}; {verdict}.")
    if result.of_values is not None:
        row = result.of_values.difference.iloc[0]
        sentences.append(
            f"Of the values instead of the classes, in {count(result.of_values.n, 'patient')}: "
            f"{MEASURES[row['measure']]}, {second} less {first}: {_gap(row)}."
        )
    if result.brier is not None:
        one, two = (format_percent(score.explained) for score in result.brier)
        sentences.append(
            f"Integrated Brier score: {first} takes away {one} of the error of one curve for all, "
            f"{second} {two}."
        )
    if result.models is not None:
        rows = result.models.iloc[:2]
        for (_, row), base in zip(rows.iterrows(), (first, second), strict=True):
            sentences.append(
                f"Adding {row['added']} to {base} in a Cox model: {format_p(row['p_value'])}, AIC "
                f"{row['aic']:,.1f} to {result.models['aic'].iloc[2]:,.1f}."
            )
    return sentences


def concordance_table(result: ScorePair) -> pd.DataFrame:
    """Concordance and integrated Brier score of each score, and their difference, as printed.

    Of the classes, then of the values that they are cut from where both scores have one.
    """
    rows: list[dict[str, object]] = []
    for found, of in ((result.discrimination, "classes"), (result.of_values, "values")):
        if found is None:
            continue
        brier = result.brier if of == "classes" else None
        for place, (_, own) in enumerate(found.concordance.iterrows()):
            row: dict[str, object] = {"Score": f"{own['score']}, {of}", "Patients": found.n}
            row |= {f"{name} (95% CI)": figure for name, figure in measures_of(own).items()}
            if brier is not None:
                row["Integrated Brier score"] = f"{brier[place].integrated:.4f}"
            rows.append(row)
        last: dict[str, object] = {"Score": f"Difference, {of}", "Patients": found.n}
        for _, own in found.difference.iterrows():
            last[f"{MEASURES[own['measure']]} (95% CI)"] = _gap(own)
        if brier is not None:
            less = brier[1].integrated - brier[0].integrated
            last["Integrated Brier score"] = f"{less:+.4f}".replace("-", "−")
        rows.append(last)
    return pd.DataFrame(rows).fillna("")


def _gap(row: pd.Series) -> str:
    """A difference of two concordances with its interval, signed."""
    low, high = f"{row['lower']:+.3f}", f"{row['upper']:+.3f}"
    return f"{row['difference']:+.3f} ({low} to {high})".replace("-", "−")


def models_table(result: ScorePair) -> pd.DataFrame:
    """The nested Cox models, as printed."""
    if result.models is None:
        return pd.DataFrame()
    return pd.DataFrame(
        [
            {
                "Cox model of": row["model"],
                "Parameters": row["parameters"],
                "Log-likelihood": f"{row['log_likelihood']:,.1f}".replace("-", "−"),
                "AIC": f"{row['aic']:,.1f}",
                "Adding": row["added"],
                "Chi-squared": f"{row['chi_squared']:.1f} on {row['df']}" if row["df"] else "",
                "p": format_p_cell(row["p_value"]) if row["df"] else "",
            }
            for row in result.models.to_dict("records")
        ]
    )


def groups_table(result: ScorePair) -> pd.DataFrame:
    """Harrell's C within each group, as printed."""
    return pd.DataFrame(
        [
            {
                result.by: row["group"],
                "Patients": row["n"],
                "Events": row["events"],
                result.first.label: format_interval(
                    row["first"], row["first_lower"], row["first_upper"]
                ),
                result.second.label: format_interval(
                    row["second"], row["second_lower"], row["second_upper"]
                ),
            }
            for row in result.groups.to_dict("records")
        ]
    )


def sheets(result: ScorePair, unit: TimeUnit) -> dict[str, pd.DataFrame]:
    """The tables of the workbook, unrounded; of classes and groups, never of patients."""
    crossed = result.crossed.rename_axis(result.first.label).reset_index()
    found: dict[str, pd.DataFrame] = {"Classes": crossed}
    if result.discrimination is not None:
        found["Concordance"] = result.discrimination.concordance
        found["Difference"] = result.discrimination.difference
        found["Area under the curve"] = in_unit_of(result.discrimination.auc, unit)
    if result.of_values is not None:
        found["Concordance of values"] = result.of_values.concordance
        found["Difference of values"] = result.of_values.difference
    if result.brier is not None:
        parts = [
            score.table.assign(score=scale.label, integrated=score.integrated)
            for score, scale in zip(result.brier, (result.first, result.second), strict=True)
        ]
        found["Brier score"] = in_unit_of(pd.concat(parts, ignore_index=True), unit)
    if result.models is not None:
        found["Cox models"] = result.models
    if len(result.groups):
        found["By group"] = result.groups
    return {name: table for name, table in found.items() if len(table)}


def in_unit_of(table: pd.DataFrame, unit: TimeUnit) -> pd.DataFrame:
    """A table with its times in the unit shown."""
    return table.assign(time=[in_unit(months, unit) for months in table["time"]]).rename(
        columns={"time": f"time, {unit}"}
    )


def methods(result: ScorePair) -> list[str]:
    """What was done, for a manuscript."""
    outcome = result.outcome
    words = [
        f"{result.first.label} and {result.second.label} were compared in the "
        f"{count(result.both, 'patient')} with a certain class in both."
    ]
    if result.discrimination is None:
        return words
    words.append(
        f"Discrimination for {mid_sentence(outcome.endpoint.label)} "
        f"({count(int(outcome.event.sum()), 'event')} in {count(outcome.n, 'patient')}) was "
        f"measured by Harrell's C{_uno(result)}, of the classes"
        f"{'' if result.of_values is None else ' and of the values that they are cut from'}, with "
        "infinitesimal-jackknife intervals; differences by the percentile bootstrap of patients "
        f"({result.discrimination.resamples} samples)."
    )
    if outcome.entry is not None:
        words.append("Patients were compared with those at risk, from their times of entry on.")
    if result.brier is not None:
        words.append(
            "So were the intervals of the cumulative/dynamic area under the curve. The Brier score "
            "is of Kaplan-Meier curves by class in the same patients, weighted for censoring, and "
            "integrated over the times shown."
        )
    if result.models is not None:
        words.append(
            "Nested Cox models of the classes were compared by the likelihood ratio and by AIC."
        )
    if outcome.endpoint.entry is not None and outcome.entry is None:
        words.append("Times of entry were not used.")
    return [" ".join(words)]


def notes(result: ScorePair) -> list[str]:
    """Who has no known outcome, and what entry times leave out."""
    lost = result.outcome.left_out
    found = [
        f"{result.outcome.n:,} of them have a known outcome; the others are in the classes only: "
        f"{', '.join(f'{n:,} {why}' for why, n in lost.items())}."
    ]
    late = result.outcome.entry is not None and result.discrimination is not None
    return (found if lost else []) + ([NO_ENTRY] if late else [])


def _uno(result: ScorePair) -> str:
    found = result.discrimination
    if found is None or result.outcome.entry is not None:
        return ""
    until = f" up to {format_years(found.auc['time'].max())}" if len(found.auc) else ""
    return f" and by Uno's C with inverse-probability-of-censoring weights{until}"


def moves_caption(result: ScorePair) -> str:
    """By what classes correspond to each other."""
    if result.same_names:
        return "Classes of the same name correspond."
    return capitalised(
        f"to a class of {result.first.label} corresponds the one of {result.second.label} in which "
        "most of its patients are."
    )
