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
    in_unit,
    mid_sentence,
)
from app.views.prognosis.pair.analysis import ScorePair

_MEASURES = {"harrell": "Harrell's C", "uno": "Uno's C"}
_INTERVAL = ("", "_lower", "_upper")


def reading(result: ScorePair) -> list[str]:
    """Who moves, which tells better and by how much, in plain words."""
    first, second = result.first.label, result.second.label
    share = format_percent(result.moved / result.both) if result.both else "–"
    how = "another class" if result.same_names else "another class than most of theirs"
    sentences = [
        f"{result.moved:,} of {result.both:,} ({share}) have {how} by {second}: "
        f"{result.worse:,} a worse one, {result.better:,} a better one."
    ]
    found = result.discrimination
    if found is None:
        sentences.append("With fewer than 10 events nothing is said of discrimination.")
        return sentences
    for _, row in found.concordance.iterrows():
        c = format_interval(row["harrell"], row["harrell_lower"], row["harrell_upper"], ".3f")
        u = format_interval(row["uno"], row["uno_lower"], row["uno_upper"], ".3f")
        sentences.append(f"{row['score']}: Harrell's C {c}, Uno's C {u}.")
    for _, row in found.difference.iterrows():
        clear = row["lower"] > 0 or row["upper"] < 0
        better = second if row["difference"] > 0 else first
        verdict = f"{better} tells the order better" if clear else "no clear difference"
        gap = _gap(row)
        sentences.append(f"{_MEASURES[row['measure']]}, {second} less {first}: {gap}; {verdict}.")
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
    """Concordance and integrated Brier score of each score, and their difference, as printed."""
    found = result.discrimination
    if found is None:
        return pd.DataFrame()
    rows: list[dict[str, object]] = []
    for place, (_, own) in enumerate(found.concordance.iterrows()):
        row: dict[str, object] = {"Score": own["score"]}
        for measure, label in _MEASURES.items():
            values = [own[f"{measure}{end}"] for end in _INTERVAL]
            row[f"{label} (95% CI)"] = format_interval(values[0], values[1], values[2], ".3f")
        if result.brier is not None:
            row["Integrated Brier score"] = f"{result.brier[place].integrated:.4f}"
        rows.append(row)
    last: dict[str, object] = {"Score": "Difference"}
    for _, own in found.difference.iterrows():
        last[f"{_MEASURES[own['measure']]} (95% CI)"] = _gap(own)
    if result.brier is not None:
        less = result.brier[1].integrated - result.brier[0].integrated
        last["Integrated Brier score"] = f"{less:+.4f}"
    return pd.DataFrame([*rows, last])


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
                "Log-likelihood": f"{row['log_likelihood']:,.1f}",
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
        "measured by Harrell's C and by Uno's C with inverse-probability-of-censoring weights"
        f"{_until(result)}, both of the classes, with infinitesimal-jackknife intervals; their "
        "difference and the cumulative/dynamic area under the curve by the percentile bootstrap of "
        f"patients ({result.discrimination.resamples} samples). The Brier score is of "
        "Kaplan-Meier curves by class in the same patients, weighted for censoring, and integrated "
        "over the times shown."
    )
    if result.models is not None:
        words.append(
            "Nested Cox models of the classes were compared by the likelihood ratio and by AIC."
        )
    if outcome.endpoint.entry is not None:
        words.append("Times of entry were not used.")
    return [" ".join(words)]


def _until(result: ScorePair) -> str:
    found = result.discrimination
    if found is None or not len(found.auc):
        return ""
    return f" up to {found.auc['time'].max() / 12:g} years"


def moves_caption(result: ScorePair) -> str:
    """By what classes correspond to each other."""
    if result.same_names:
        return "Classes of the same name correspond."
    return capitalised(
        f"to a class of {result.first.label} corresponds the one of {result.second.label} in which "
        "most of its patients are."
    )
