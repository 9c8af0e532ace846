"""What the diagnostics of an emulated trial say, in plain words from rules."""

from __future__ import annotations

from typing import Any

import pandas as pd

from app.analysis.transplant import (
    LARGE_WEIGHT,
    UNBALANCED,
    Emulation,
    Kinds,
)
from app.study.wording import count, listing, mid_sentence, signed

_GOOD = 0.1
# How much more frequent in one arm a hidden cause is, in the sentence about months of life.
_PREVALENCE = 0.2


def support_reading(found: Emulation) -> list[str]:
    """What every answer of an emulated trial rests on, a sentence a strategy.

    Returns
    -------
    list of str
        Who followed the strategy, how many are left at the horizon, how unlike the reference they
        still are, and in how many classes it is estimated. They stand beside the headline and in
        the methods text.
    """
    everyone = found.estimates[found.estimates["group"] == found.groups[0]]
    sentences = []
    for row in everyone.itertuples():
        name = str(row.strategy)
        words = f"{name}: followed by {row.adherent:,} of {row.n:,}"
        words += f"; at month {found.settings.horizon:g} it rests on as much as "
        words += count(int(row.effective), "equally weighted patient")
        words += _unlike(found.balance, name) + _classes(found, name)
        sentences.append(f"{words}.")
    return sentences


def unknown_in_words(found: Emulation, cases: dict[str, Emulation]) -> str:
    """How far the gain hangs on what is not known: the same with it counted one way and another."""
    known = found.contrasts[found.contrasts["supported"]]
    if not cases or known.empty:
        return ""
    own = known.iloc[0]
    more = next(iter(cases.values())).n - found.n
    said = [
        f"{signed(case.contrasts.loc[own.name, 'rmst_difference'])} with {name}"
        for name, case in cases.items()
        if case.groups == found.groups
    ]
    return (
        f"{count(more, 'patient')} of the kinds compared, in whom it is not known whether or when "
        f"{next(iter(cases)).removesuffix(' counted as never')} came, are left out; "
        f"{own['group']}: {signed(own['rmst_difference'])} months without them, {listing(said)}."
    )


def simulation_error(found: Emulation) -> str:
    """How far the draws alone could move a limit of the headline; empty without draws."""
    own = found.contrasts[found.contrasts["supported"]]
    if own.empty or pd.isna(own["rmst_difference_error"].iloc[0]):
        return ""
    return (
        f"Limits from {found.settings.draws:,} draws have an error of "
        f"{own['rmst_difference_error'].iloc[0]:.2f} months ({own['group'].iloc[0]}); a limit "
        "nearer to zero than twice that is said to be at the border."
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
    rows = rows[(rows["strategy"] == strategy) & rows["group"].isin(found.classes)]
    if not found.classes:
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


def positivity_reading(kinds: Kinds, strategy: str) -> str:
    """How many patients are of a kind of whom hardly anybody followed the strategy."""
    table = kinds.table
    absent = int((~table["supported"]).sum())
    n, words = int(table["n"].sum()), mid_sentence(strategy)
    if not kinds.left_out:
        return f"Of every kind of patients, by age and class, some followed {words}."
    return (
        f"{kinds.left_out:,} of {n:,} patients ({absent} of {count(len(table), 'kind')}, by age "
        f"and class) are of a kind or a class of whom too few followed {words}: they are left out "
        "of every estimate."
    )


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
    return "\n".join(f"- {sentence}" for sentence in sentences)


_WHEN = ("before", "after")


def choices_reading(table: pd.DataFrame) -> str:
    """How far the answer moves with other choices.

    Parameters
    ----------
    table
        From :func:`app.analysis.transplant.sensitivity`, of one class.
    """
    own = table[table["varied"] != "confounder"].groupby("choice", sort=False).nth(0)
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


def measured_reading(table: pd.DataFrame, row: pd.Series) -> str:
    """How strong a hidden cause would have to be in units of the strongest one that was measured.

    Parameters
    ----------
    table
        From :func:`app.analysis.transplant.sensitivity`, of one group.
    row
        That group's row of ``Emulation.contrasts``.
    """
    own = table[table["strategy"] == row["strategy"]].set_index("choice")["rmst_difference"]
    less = own[own.index.str.startswith("Without ")].dropna()
    if less.empty or pd.isna(own.get("As set")):
        return ""
    moved = less - own["As set"]
    strongest = str(moved.abs().idxmax())
    most = float(moved[strongest])
    name = mid_sentence(strongest.removeprefix("Without "))
    words = (
        f"Leaving {name} out of the weights, of those measured the one that matters most, moves "
        f"this gain by {signed(most)} months"
    )
    low, high = row["rmst_difference_lower"], row["rmst_difference_upper"]
    if abs(most) < _GOOD or pd.isna(low):
        return f"{words}."
    near = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    if not near:
        return f"{words}; the interval holds no difference without anything hidden."
    return (
        f"{words}: something hidden would have to matter {near / abs(most):.1f} times as much to "
        "make the limit of the interval."
    )


def within_reading(table: pd.DataFrame, found: Emulation) -> list[str]:
    """Whether the confounders still differ in whom a claim is made of, in others, and later.

    Parameters
    ----------
    table
        From :func:`app.analysis.transplant.balance_within`, of the same trial.
    """
    if table.empty:
        return []
    told = found.contrasts.loc[found.contrasts["supported"], ["strategy", "group"]]
    at_first = table["at"] == table.groupby("strategy")["at"].transform("min")
    estimated = table.merge(told, on=["strategy", "group"], how="left", indicator=True)["_merge"]
    estimated = (estimated == "both").to_numpy()
    sentences = [
        f"{row.group}, of whom there is an estimate: after weighting, at the end of the window of "
        f"{mid_sentence(row.strategy)}, {_by(row._asdict())}."
        for row in table[at_first & estimated].itertuples()
    ]
    for part, words in (
        (table[at_first & ~estimated], "Groups without an estimate of their own"),
        (table[~at_first], "Later those still alive are compared, who differ by what a transplant "
         "does too"),
    ):  # fmt: skip
        if len(part):
            large = int((part["smd_after"].abs() > UNBALANCED).sum())
            worst = part.loc[part["smd_after"].abs().idxmax()].to_dict()
            sentences.append(
                f"{words}: {large} of {count(len(part), 'comparison')} differ by more than "
                f"{UNBALANCED:g}, most {mid_sentence(str(worst['group']))} under "
                f"{mid_sentence(str(worst['strategy']))} at month {worst['at']:.0f}, {_by(worst)}."
            )
    return sentences


def _by(row: dict[str, Any]) -> str:
    doubt = ", a reason to doubt" if abs(row["smd_after"]) > UNBALANCED else ""
    return (
        f"by up to {abs(row['smd_after']):.2f} standard deviations ({mid_sentence(row['term'])}; "
        f"{row['n']:,} against {row['n_reference']:,} followers){doubt}"
    )


def e_value_reading(row: pd.Series) -> str:
    """What a hidden confounder would have to be: from a supported row of ``Emulation.contrasts``.

    On the scale of the hazard ratio, and of the restricted mean: something that lengthens life by
    so much, and is so much more frequent in one arm, moves the gain by the product of both
    (VanderWeele 2013, Epidemiology 24:151, of any difference of means).
    """
    gain = row["rmst_difference"]
    words = (
        f"To explain away the estimate of {mid_sentence(row['strategy'])} ({row['group']}, hazard "
        f"ratio {row['hazard_ratio']:.2f}), something unrecorded would have to be tied to both the "
        f"transplant and death by a risk ratio of **{row['e_value_hazard']:.2f}**"
    )
    limit = row["e_value_hazard_limit"]
    if pd.notna(limit):
        words += (
            "; its interval holds no difference without any"
            if limit <= 1
            else f", and by {limit:.2f} to widen its interval to no difference"
        )
    words += (
        f". On the scale of life: something {_PREVALENCE:.0%} more frequent in one arm would have "
        f"to change life by **{abs(gain) / _PREVALENCE:.0f} months** to make the gain of "
        f"{signed(gain)}"
    )
    low, high = row["rmst_difference_lower"], row["rmst_difference_upper"]
    if pd.notna(low) and not low <= 0 <= high:
        words += f", by {min(abs(low), abs(high)) / _PREVALENCE:.0f} to make its limit"
    return f"{words}."
