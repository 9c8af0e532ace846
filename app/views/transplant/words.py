"""What an emulated trial and a microsimulation say, in plain words from rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from app.analysis.transplant import (
    EVERYONE,
    FEWEST_FOR_AN_ESTIMATE,
    LARGE_WEIGHT,
    NEVER,
    Emulation,
    Microsimulation,
)
from app.study.exposures import exposure_times
from app.study.wording import capitalised, count, format_percent_ci, listing, mid_sentence, signed
from app.views.transplant.protocol.analysis import TargetTrial
from data_loaders import Cohort

HYPOTHESES = (
    "What stands here generates hypotheses about groups of patients; it does not advise on any one "
    "of them."
)


def axis_words(cohort: Cohort, trial: TargetTrial) -> str:
    """What the time axis counts: ``Years since complete remission``."""
    if trial.time_zero is None:
        return "Years of follow-up"
    return f"Years since {exposure_times(cohort, trial.time_zero, trial.endpoint).exposure.noun}"


def headline(found: Emulation) -> str:
    """The answer for everyone eligible, or where there is none, for the classes that have one."""
    rows = found.contrasts
    everyone = found.groups[0]
    own = rows[(rows["group"] == everyone) & rows["supported"]]
    if len(own):
        return " ".join(_everyone(found, row) for row in own.head(1).itertuples())
    supported = rows[rows["supported"]]
    if len(supported):
        named = listing(list(dict.fromkeys(map(str, supported["group"]))))
        return (
            f"These {count(found.n, 'patient')} together are too unlike each other for one answer; "
            f"there is one for {named}, below."
        )
    return _nothing(found, everyone)


def caution(found: Emulation) -> str:
    """What must stand beside the answer: weights under which single patients decide; or nothing."""
    weights = found.weights
    largest = weights.loc[weights["maximum"].idxmax()]
    if largest["maximum"] <= LARGE_WEIGHT or not found.contrasts["supported"].any():
        return ""
    return (
        f"**Careful**: the largest weight is {largest['maximum']:,.0f} times the average "
        f"({mid_sentence(largest['strategy'])}), so single patients weigh heavily in the answer."
    )


def _nothing(found: Emulation, everyone: str) -> str:
    """Which side of the comparison too few followed."""
    rows = found.estimates[found.estimates["group"] == everyone].set_index("strategy")
    patients = count(found.n, "patient")
    followed = int(rows.loc[found.reference, "adherent"])
    if not rows.loc[found.reference, "supported"]:
        return (
            f"Of these {patients} only {followed:,} followed {mid_sentence(found.reference)}: too "
            "few to compare a transplant with."
        )
    unlike = [
        row.note
        for name, row in rows.iterrows()
        if name != found.reference and row.adherent >= FEWEST_FOR_AN_ESTIMATE
    ]
    if unlike:
        return f"In these {patients} no strategy with a transplant is estimated. {unlike[0]}"
    others = listing(
        [
            f"{mid_sentence(name)}: {int(row.adherent):,}"
            for name, row in rows.iterrows()
            if name != found.reference
        ]
    )
    return (
        f"In these {patients} no strategy with a transplant was followed by enough patients to "
        f"say what it does ({others})."
    )


def by_class(found: Emulation) -> str:
    """How the strategy of the headline fares from class to class; empty without classes."""
    if len(found.groups) < 2:
        return ""
    own = found.contrasts[found.contrasts["group"] == found.groups[0]]
    strategy = next(
        iter([*own.loc[own["supported"], "strategy"], *own["strategy"]]), found.reference
    )
    rows = found.contrasts[found.contrasts["strategy"] == strategy]
    rows = rows[rows["group"] != EVERYONE]
    known = rows[rows["supported"]]
    classes = count(len(rows), "class", "classes")
    if known.empty:
        return f"None of the {classes} alone has enough transplants and events for an answer."
    if len(known) == 1:
        only = known.iloc[0]
        return (
            f"Of {classes} only {only['group']} has enough transplants and events for an answer "
            f"of its own: {_gain(only)}."
        )
    ordered = known.sort_values("rmst_difference")
    low, high = ordered.iloc[0], ordered.iloc[-1]
    words = (
        f"By class it runs from {_gain(low)} in {low['group']} to {_gain(high)} in {high['group']}"
    )
    eventless = _eventless(found)
    quiet = [name for name in rows["group"] if name in eventless]
    if quiet:
        words += f"; in {listing(quiet)} no event was seen, so nothing can differ"
    missing = len(rows) - len(known) - len(quiet)
    return words + (
        f"; {missing} of {classes} {'have' if missing > 1 else 'has'} too few transplants to say."
        if missing
        else "."
    )


def _eventless(found: Emulation) -> set[str]:
    """Classes in which no clone of any strategy had the event."""
    events = found.estimates.groupby("group")["events"].sum()
    return {str(name) for name, number in events.items() if number == 0}


def arms_in_words(found: Emulation, group: str) -> list[str]:
    """One sentence a strategy in a class: survival and mean life by the horizon."""
    rows = found.estimates[found.estimates["group"] == group]
    years = f"{found.settings.horizon / 12:g}"
    sentences = []
    for row in rows.to_dict("records"):
        if not row["supported"]:
            sentences.append(f"**{row['strategy']}**: {_sentence(row['note'])}")
            continue
        survival = format_percent_ci(row["survival"], row["survival_lower"], row["survival_upper"])
        life = _interval(row["rmst"], row["rmst_lower"], row["rmst_upper"])
        sentences.append(
            f"**{row['strategy']}**: {survival} alive at {years} years, {life} months of life "
            f"until then ({row['adherent']:,} of {row['n']:,} followed it)."
        )
    return sentences


def best_delays(found: Microsimulation) -> list[str]:
    """The delay with the longest life in each class, with how certain it is."""
    sentences = []
    for row in found.best.to_dict("records"):
        if not row["supported"]:
            sentences.append(f"**{row['group']}**: {_sentence(row['note'])}")
            continue
        words = f"**{row['group']}**: longest life with {_delay(row['delay'])}"
        if np.isfinite(row["share"]):
            words += (
                f" in this model; 95% of its draws put it at {_delay(row['lower'])}"
                if row["lower"] == row["upper"]
                else f" in this model; 95% of its draws put it between {_delay(row['lower'])} and "
                f"{_delay(row['upper'])}"
            )
        sentences.append(f"{words}.")
    return sentences


def _everyone(found: Emulation, row: Any) -> str:
    years = f"{found.settings.horizon / 12:g}"
    low, high = row.rmst_difference_lower, row.rmst_difference_upper
    words = (
        f"In a trial emulated on these {count(found.n, 'patient')}, "
        f"**{mid_sentence(row.strategy)}** rather than {mid_sentence(found.reference)} changes "
        f"life within {years} years by **{signed(row.rmst_difference)} months**"
    )
    if np.isnan(low):
        return f"{words}."
    words += f" ({signed(low)} to {signed(high)})"
    return words + (", which is compatible with no difference." if low <= 0 <= high else ".")


def _gain(row: pd.Series) -> str:
    low, high = row["rmst_difference_lower"], row["rmst_difference_upper"]
    words = f"{signed(row['rmst_difference'])} months"
    return words if np.isnan(low) else f"{words} ({signed(low)} to {signed(high)})"


def _interval(value: float, lower: float, upper: float) -> str:
    return f"{value:.1f}" if np.isnan(lower) else f"{value:.1f} ({lower:.1f} to {upper:.1f})"


def _delay(months: float) -> str:
    if months == NEVER:
        return "no transplant"
    return "a transplant at once" if months == 0 else f"a transplant at month {months:g}"


def _sentence(note: str) -> str:
    """A note without the class that it begins with."""
    rest = note.partition(": ")[2] or note
    return capitalised(rest)
