"""What an emulated trial and a microsimulation say, in plain words from rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.transplant import (
    EARLY,
    EARLY_UNTIL,
    FEWEST_FOR_AN_ESTIMATE,
    LARGE_SHARE,
    LATE,
    NEVER,
    Emulation,
    Kinds,
    Microsimulation,
)
from app.study.exposures import exposure_times
from app.study.wording import (
    capitalised,
    count,
    format_p,
    format_percent_ci,
    listing,
    mid_sentence,
    signed,
)
from app.views.transplant.protocol.trial import TargetTrial
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


def headline(found: Emulation, timed: pd.DataFrame | None = None) -> list[str]:
    """The answer up to the horizon that the data support: everyone, both halves, early and late.

    The first sentence is of everyone; the others follow under it.

    Parameters
    ----------
    timed
        From :func:`app.analysis.transplant.timed_cox`, of the same patients.
    """
    rows = found.contrasts[found.contrasts["strategy"] == primary_of(found)].set_index("group")
    everyone = found.groups[0]
    if not rows.loc[[everyone, *(found.halves or ())], "supported"].any():
        return [_nothing(found, everyone)]
    words = [f"{_until(found, rows['supported'])} {_whole(found, rows.loc[everyone])}"]
    if found.halves is not None:
        words += [_half(found, name, rows.loc[name]) for name in reversed(found.halves)]
        words.append(_contrast(found))
    if timed is not None:
        words.append(early_and_late(timed, tuple(found.trial.data.onsets)))
    return [sentence for sentence in (*words, _beyond(found)) if sentence]


def primary_of(found: Emulation) -> str:
    """The strategy that is compared first."""
    return next(name for name in found.strategies if name != found.reference)


def caution(found: Emulation) -> str:
    """What must stand beside the answer: that a single patient decides it; or nothing."""
    said = [_without_one(row) for row in found.influence.to_dict("records") if row["warned"]]
    return f"**Careful**: {'. '.join(said)}." if said else ""


def heavy_in_words(found: Emulation) -> str:
    """Where one patient has much of an arm's weight but does not decide the answer; or nothing."""
    rows = found.influence.to_dict("records")
    return " ".join(
        f"{_without_one(row)}." for row in rows if row["share"] > LARGE_SHARE and not row["warned"]
    )


def _without_one(row: dict[str, Any]) -> str:
    words = f"{row['group']}: one patient has {row['share']:.0%} of the weight of "
    words += f"{mid_sentence(row['strategy'])}; without the one who moves it most it is "
    words += f"**{gain_words(row['without'], row['without_lower'], row['without_upper'])}**"
    return words + (", another verdict" if row["changes"] else "")


def _until(found: Emulation, supported: pd.Series) -> str:
    """Up to when, and in whom the data support it so long: everyone, or one half alone."""
    least, month = found.settings.effective, f"{found.settings.horizon:g}"
    if not least:
        return f"In a trial emulated on these {count(found.n, 'patient')}, up to month {month}:"
    held = next(name for name in (found.groups[0], *(found.halves or ())) if supported[name])
    side = "each side" if held == found.groups[0] else f"in {mid_sentence(held)} each side"
    return (
        f"In a trial emulated on these {count(found.n, 'patient')}, up to **month {month}**, the "
        f"latest at which {side} rests on {least:g} equally weighted patients,"
    )


def _whole(found: Emulation, row: pd.Series) -> str:
    words = f"**{mid_sentence(primary_of(found))}** rather than {mid_sentence(found.reference)}"
    if not row["supported"]:
        return f"{words} cannot be judged in all of them together: {_why(row)}."
    return f"{words} changes life by **{_verdict(row)}."


def _half(found: Emulation, name: str, row: pd.Series) -> str:
    """The answer in a half, where need be up to the latest month that its own sides support."""
    where = f"In {mid_sentence(name)}"
    if not row["supported"]:
        last = _last_of_its_own(found, name)
        if last is None:
            return f"{where} nothing is established: {_why(row)}."
        where += f", up to month {last['horizon']:g}, the latest at which each of its sides rests "
        where += f"on {found.settings.effective:g},"
        limits = {end: f"rmst_difference_{end}" for end in ("lower", "upper")}
        row = last.rename(limits)
    words = f"{where} it changes life by **{_verdict(row)}"
    return f"{words}: not established." if row["verdict"] in ("border", "open") else f"{words}."


def _last_of_its_own(found: Emulation, name: str) -> pd.Series | None:
    """The latest earlier horizon at which a half has an estimate."""
    own = found.horizons[(found.horizons["group"] == name) & found.horizons["supported"]]
    own = own[own["horizon"] < found.settings.horizon]
    return None if own.empty else own.iloc[-1]


def _verdict(row: pd.Series) -> str:
    low, high = row["rmst_difference_lower"], row["rmst_difference_upper"]
    words = f"{signed(row['rmst_difference'])} months**"
    if np.isnan(low):
        return words
    said = {
        "longer": ": longer",
        "shorter": ": shorter",
        "border": ", at the border of no difference",
        "open": ", which is compatible with no difference",
    }[row["verdict"]]
    return f"{words} ({signed(low)} to {signed(high)}){said}"


def _why(row: pd.Series) -> str:
    """Why there is no estimate, from its note, without the group that it begins with."""
    words = mid_sentence(_sentence(str(row["note"]))).removesuffix(".").split(". ")[0]
    return words.removesuffix(", so it is described and not estimated")


def _contrast(found: Emulation) -> str:
    own = found.tests[(found.tests["strategy"] == primary_of(found))]
    row = next(iter(own[own["test"] == "contrast"].to_dict("records")), None)
    if row is None or not row["supported"]:
        return ""
    low, high = found.halves or ("", "")
    words = (
        f"{high} against {mid_sentence(low)}, the one comparison of classes that the protocol "
        f"names: **{gain_words(row['value'], row['lower'], row['upper'])}**"
    )
    told = {
        "longer": ": the gain differs",
        "shorter": ": the gain differs",
        "border": ": at the border of no difference",
        "open": ": these data do not tell whether the gain differs",
    }
    return f"{words}{told.get(str(row['verdict']), '')}."


def early_and_late(timed: pd.DataFrame, onsets: Sequence[str] = ()) -> str:
    """Mortality in the first months after a transplant and later, against the not transplanted.

    Parameters
    ----------
    onsets
        Events that the model holds alike, such as relapse: what a transplant does by preventing
        them is then not in its ratios, which may point the other way than the gain in life.
    """
    own = timed.set_index("period")
    if own.loc[[EARLY, LATE], "hr"].isna().any():
        return ""
    said = []
    for period, when in ((EARLY, f"in the first {EARLY_UNTIL:g} months after it"), (LATE, "later")):
        low, high = own.loc[period, "lower"], own.loc[period, "upper"]
        verdict = "higher" if low > 1 else "lower" if high < 1 else "not shown to differ"
        said.append(f"{when} **{verdict}** ({_ratio(own.loc[period])})")
    held = ""
    if onsets:
        held = f", of patients alike in {listing([mid_sentence(name) for name in onsets])} at each "
        held += "time: what a transplant does by preventing it is not in them"
    return (
        f"Mortality after a transplant against before one: {said[0]}, {said[1]}; hazard ratios of "
        f"a Cox model with the same confounders{held}."
    )


def _beyond(found: Emulation) -> str:
    """How thin the support is later than the horizon."""
    own = found.horizons[found.horizons["horizon"] > found.settings.horizon]
    own = own[own["group"] == found.groups[0]]
    if own.empty or not found.settings.effective:
        return ""
    parts = [f"{int(row.effective)} at month {row.horizon:g}" for row in own.itertuples()]
    return f"Later its size is barely supported: equally weighted patients, {listing(parts)}."


def horizons_in_words(found: Emulation) -> list[str]:
    """The gain by the earlier horizons that are told besides, in everyone and in the halves."""
    sentences = []
    for group in dict.fromkeys(found.horizons["group"]):
        own = found.horizons[(found.horizons["group"] == group) & found.horizons["supported"]]
        own = own[own["horizon"] < found.settings.horizon]
        sentences += [
            f"{group}, by month {row.horizon:g}: "
            f"{gain_words(row.rmst_difference, row.lower, row.upper)}."
            for row in own.itertuples()
        ]
    return sentences


def left_out_in_words(kinds: Kinds) -> str:
    """Which kinds of patients are not compared, and of how many nothing is therefore said."""
    if not kinds.left_out:
        return ""
    parts = []
    for name, part in kinds.table.groupby("class", observed=True, sort=False):
        absent = part[~part["supported"]]
        if absent.empty:
            continue
        ages = "" if len(absent) == len(part) else f" {listing(list(map(str, absent['age'])))}"
        parts.append(
            f"{name}{ages} ({int(absent['followed'].sum())} of {int(absent['n'].sum()):,} followed "
            "it)"
        )
    return (
        f"Nothing is said of {count(kinds.left_out, 'patient')} of kinds, by age and class, of "
        f"whom hardly anybody followed it: {'; '.join(parts)}."
    )


def _nothing(found: Emulation, everyone: str) -> str:
    """Why there is no answer: which side too few followed, or for how long."""
    rows = found.estimates[found.estimates["group"] == everyone].set_index("strategy")
    patients = count(found.n, "patient")
    followed = int(rows.loc[found.reference, "adherent"])
    if followed < FEWEST_FOR_AN_ESTIMATE:
        return (
            f"Of these {patients} only {followed:,} followed {mid_sentence(found.reference)}: too "
            "few to compare a transplant with."
        )
    unlike = [row.note for name, row in rows.iterrows() if not row.supported]
    if unlike and (rows.drop(index=found.reference)["adherent"] >= FEWEST_FOR_AN_ESTIMATE).any():
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
    """What of the classes can be told, together with the tests over them; empty without classes."""
    if not found.classes:
        return ""
    strategy = primary_of(found)
    rows = found.contrasts[found.contrasts["strategy"] == strategy]
    rows = rows[rows["group"].isin(found.classes)]
    known, rest = rows[rows["supported"]], rows[~rows["supported"]]
    estimates = found.estimates[found.estimates["strategy"] == strategy].set_index("group")
    words = []
    if len(known):
        gains = [f"{row['group']} {_gain(row)}" for _, row in known.iterrows()]
        together = " (intervals that hold together)" if len(known) > 1 else ""
        words.append(f"By class{together}: {'; '.join(gains)}.")
    if len(rest):
        counts = [
            f"{name} ({int(estimates.loc[name, 'adherent']):,} of "
            f"{int(estimates.loc[name, 'n']):,} followed it)"
            for name in rest["group"]
        ]
        verb = "has" if len(rest) == 1 else "have"
        words.append(f"Too little for an estimate of its own {verb} {listing(counts)}.")
    return " ".join([*words, *_tests(found, strategy)])


def _tests(found: Emulation, strategy: str) -> list[str]:
    own = found.tests[(found.tests["strategy"] == strategy) & found.tests["p_value"].notna()]
    rows = own.set_index("test")
    if "trend" not in rows.index:
        return []
    trend, apart = rows.loc["trend"], rows.loc["heterogeneity"]
    return [
        f"Over {trend['classes']:g} classes the gain changes by {signed(trend['value'])} months "
        f"from one to the next (trend {format_p(trend['p_value'])}; heterogeneity "
        f"{format_p(apart['p_value'])})."
    ]


def arms_in_words(found: Emulation, group: str) -> list[str]:
    """One sentence a strategy in a class: survival and mean life by the horizon."""
    rows = found.estimates[found.estimates["group"] == group]
    month = f"month {found.settings.horizon:g}"
    sentences = []
    for row in rows.to_dict("records"):
        if not row["supported"]:
            sentences.append(f"**{row['strategy']}**: {_sentence(row['note'])}")
            continue
        survival = format_percent_ci(row["survival"], row["survival_lower"], row["survival_upper"])
        life = _interval(row["rmst"], row["rmst_lower"], row["rmst_upper"])
        sentences.append(
            f"**{row['strategy']}**: {survival} alive at {month}, {life} months of life "
            f"until then ({row['adherent']:,} of {row['n']:,} followed it)."
        )
    return sentences


def delays_in_words(found: Microsimulation) -> list[str]:
    """What each class gains by its earliest supported delay, and over the latest."""
    sentences = []
    for name in found.groups:
        own = found.differences[found.differences["group"] == name]
        if own.empty:
            sentences.append(f"**{name}**: too few transplants and deaths near any delay to say.")
            continue
        said = [
            f"rather than {_delay(row['against'])} "
            f"{gain_words(row['difference'], row['lower'], row['upper'])}"
            for row in own.to_dict("records")
        ]
        first = _delay(own["delay"].iloc[0])
        sentences.append(f"**{name}**: {first}, {'; '.join(said)}.")
    return sentences


def _ratio(row: pd.Series) -> str:
    return f"{row['hr']:.2f}, {row['lower']:.2f} to {row['upper']:.2f}"


def gain_words(value: float, lower: float, upper: float) -> str:
    """Months gained, with their limits where there are some."""
    words = f"{signed(value)} months"
    return words if np.isnan(lower) else f"{words} ({signed(lower)} to {signed(upper)})"


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
