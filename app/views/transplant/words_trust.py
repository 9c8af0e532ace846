"""What the diagnostics of an emulated trial say, in plain words from rules."""

from __future__ import annotations

import pandas as pd

from app.analysis.transplant import (
    EVERYONE,
    LARGE_WEIGHT,
    NEAR_ZERO,
    UNBALANCED,
    Emulation,
    window_probability,
)
from app.study.wording import count, listing, mid_sentence, signed

_GOOD = 0.1


def support_reading(found: Emulation) -> list[str]:
    """What every answer of an emulated trial rests on, a sentence a strategy.

    Returns
    -------
    list of str
        Who followed the strategy, how many are left at the end of the curve, who had next to no
        chance of following it, how unlike the reference they still are, and in how many classes it
        is estimated. They stand beside the headline and in the methods text.
    """
    everyone = found.estimates[found.estimates["group"] == found.groups[0]]
    arms = {arm.strategy.label: arm for arm in found.trial.arms}
    sentences = []
    for row in everyone.itertuples():
        name = str(row.strategy)
        words = f"{name}: followed by {row.adherent:,} of {row.n:,}"
        arm = arms[name]
        if name != found.reference and arm.adherent.any():
            unlikely = int((window_probability(found.trial, found.drawn, arm) < NEAR_ZERO).sum())
            words += f"; {unlikely:,} had a chance below {NEAR_ZERO:.0%} of that transplant"
        words += _left(found, name) + _unlike(found.balance, name) + _classes(found, name)
        sentences.append(f"{words}.")
    return sentences


def _left(found: Emulation, strategy: str) -> str:
    """How many equally weighted patients the end of the curve of everyone rests on."""
    if found.curves.empty:
        return ""
    own = found.curves[
        (found.curves["group"] == found.groups[0]) & (found.curves["strategy"] == strategy)
    ].dropna(subset="effective")
    if own.empty:
        return ""
    last = own.iloc[-1]
    return (
        f"; at month {last['time']:.3g} its curve rests on as much as "
        f"{count(round(last['effective']), 'equally weighted patient')}"
    )


def _unlike(balance: pd.DataFrame, strategy: str) -> str:
    part = balance[balance["strategy"] == strategy]
    if part.empty:
        return ""
    worst = part.loc[part["smd_after"].abs().idxmax()]
    doubt = ", a reason to doubt" if abs(worst["smd_after"]) > UNBALANCED else ""
    return (
        f"; after weighting the confounders differ from those of {mid_sentence(worst['reference'])}"
        f" by up to {abs(worst['smd_after']):.2f} standard deviations ({worst['term']}){doubt}"
    )


def _classes(found: Emulation, strategy: str) -> str:
    rows = found.estimates
    rows = rows[(rows["strategy"] == strategy) & (rows["group"] != EVERYONE)]
    if len(found.groups) < 2:
        return "" if rows["supported"].all() else "; it is not estimated"
    without = list(map(str, rows.loc[~rows["supported"], "group"]))
    classes = count(len(rows), "class", "classes")
    if len(without) in (0, len(rows)):
        return f"; it is estimated in {'none' if without else 'each'} of the {classes}"
    return (
        f"; it is estimated in {len(rows) - len(without)} of {classes}, not in {listing(without)}"
    )


def weight_reading(weights: pd.DataFrame) -> str:
    """The largest weight, and where the fewest decide: from ``Emulation.weights``."""
    largest = weights.loc[weights["maximum"].idxmax()]
    thinnest = weights.loc[(weights["effective"] / weights["n"]).idxmin()]
    words = (
        f"The largest weight is **{largest['maximum']:,.1f}** times the average "
        f"({mid_sentence(largest['strategy'])}, {largest['state']})"
    )
    if largest["maximum"] > LARGE_WEIGHT:
        words += ": single patients stand for very many, so compare with weights that are cut off"
    return (
        f"{words}. Weighting costs most under {mid_sentence(thinnest['strategy'])} "
        f"({thinnest['state']}): {thinnest['n']:,} say as much as "
        f"**{thinnest['effective']:,.0f}** equally weighted ones."
    )


def positivity_reading(table: pd.DataFrame) -> str:
    """How many patients are of a kind that was never transplanted in the window.

    Parameters
    ----------
    table
        From :func:`app.analysis.transplant.positivity`.
    """
    sentences = []
    for strategy, part in table.groupby("strategy", sort=False):
        empty = part[part["transplanted"] == 0]
        if empty.empty:
            sentences.append(
                f"{strategy}: some patients of each of the {len(part)} kinds were transplanted in "
                "its window."
            )
            continue
        sentences.append(
            f"{strategy}: in {len(empty)} of {count(len(part), 'kind')} of patients "
            f"({int(empty['n'].sum()):,} of {int(part['n'].sum()):,} patients) nobody was "
            "transplanted in its window; what is said of them is extrapolated."
        )
    return _bullets(sentences)


def balance_reading(table: pd.DataFrame) -> str:
    """The largest difference before and after weighting: from ``Emulation.balance``."""
    if table.empty:
        return "Too few followed a strategy with a transplant to compare their confounders."
    sentences = []
    for strategy, part in table.groupby("strategy", sort=False):
        before, after = (part.loc[part[f"smd_{when}"].abs().idxmax()] for when in _WHEN)
        large = int((part["smd_after"].abs() > UNBALANCED).sum())
        fine = int((part["smd_after"].abs() < _GOOD).sum())
        words = (
            f"{strategy}: the largest difference is {abs(before['smd_before']):.2f} standard "
            f"deviations before weighting ({mid_sentence(str(before['term']))}) and "
            f"{abs(after['smd_after']):.2f} after ({mid_sentence(str(after['term']))}); "
            f"{fine} of {len(part)} are below {_GOOD:g}"
        )
        if large:
            words += f" and {large} above {UNBALANCED:g}, a reason to doubt"
        sentences.append(f"{words}.")
    return _bullets(sentences)


_WHEN = ("before", "after")


def choices_reading(table: pd.DataFrame) -> str:
    """How far the answer moves with other choices.

    Parameters
    ----------
    table
        From :func:`app.analysis.transplant.sensitivity`, of one class.
    """
    own = table.groupby("choice", sort=False).nth(0)
    known = own[own["rmst_difference"].notna()]
    as_set = known[known["varied"] == "as set"]
    if as_set.empty:
        return "Too few followed the strategies here for an estimate that other choices could move."
    first = as_set.iloc[0]
    low, high = known["rmst_difference"].min(), known["rmst_difference"].max()
    others = count(len(known) - 1, "other choice")
    words = (
        f"As set, {mid_sentence(first['strategy'])} changes life by "
        f"**{signed(first['rmst_difference'])} months**; over {others} it runs "
        f"from {signed(low)} to {signed(high)}"
    )
    missing = len(own) - len(known)
    if missing:
        words += f" ({missing} without an estimate)"
    if low < 0 < high:
        return f"{words}: **its direction hangs on them.**"
    return f"{words}: all in one direction, which says nothing of chance."


def e_value_reading(table: pd.DataFrame) -> str:
    """What a hidden confounder would have to be: from the supported ``Emulation.contrasts``."""
    row = table.iloc[0]
    words = (
        f"To explain away the estimate of {mid_sentence(row['strategy'])} ({row['group']}, risk "
        f"ratio {row['risk_ratio']:.2f}), something unrecorded would have to be tied to both the "
        f"transplant and the event by a risk ratio of **{row['e_value']:.2f}**"
    )
    limit = row["e_value_limit"]
    if pd.notna(limit):
        words += (
            "; its interval holds no difference without any"
            if limit <= 1
            else f", and by {limit:.2f} to widen its interval to no difference"
        )
    return (
        f"{words}. This is about the risk of the event by the horizon: curves that meet there can "
        "still differ in the life lived until then."
    )


def _bullets(sentences: list[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)
