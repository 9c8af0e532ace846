"""Answers to one question beside each other: what each estimates, in whom, assuming what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis.regression import landmark
from app.analysis.survival import kaplan_meier
from app.analysis.transplant import (
    CRUDE,
    EARLY,
    LATE,
    ROBUST,
    THROUGHOUT,
    TIMED,
    Emulation,
    SameTerms,
)
from app.study.wording import count, listing, mid_sentence, signed
from app.views.survival.during.analysis import NAIVE, DuringFollowUp, TwoCurves
from app.views.survival.during.words import answers_table
from app.views.transplant.words import gain_words

EMULATED = "Emulated target trial"
FEW_TRANSPLANTS = 20
_PERIODS = (THROUGHOUT, EARLY, LATE)
# A change of the logarithm of a ratio that is worth a word, and a difference that is none.
_MOVED, _NOTHING = 0.2, 1e-4
_ENDS = ("", "_lower", "_upper")
_ASSUMES = {
    "naive": "That the transplanted could have died before it: false, so it is wrong.",
    "landmark": "That those alive at the landmark, transplanted or not, are alike; early deaths "
    "and later transplants are not looked at.",
    "time_dependent": "That at every time the transplanted and the others are alike, and the "
    "ratio of their hazards never changes.",
    "adjusted": "That given the covariates they are alike at every time, and the ratio of their "
    "hazards never changes.",
    "emulated": "That given the confounders who is transplanted when is unrelated to prognosis, "
    "and that everybody could have followed each strategy.",
}
_ESTIMATES = {
    "naive": "ever against never transplanted, from time zero",
    "landmark": "transplanted by the landmark against not, from there",
    "time_dependent": "hazard while transplanted against not yet",
    "adjusted": "the same, among alike in the covariates",
    "emulated": "everybody under one strategy against everybody under the other",
}


def side_by_side(found: DuringFollowUp, emulation: Emulation | None) -> pd.DataFrame:
    """Every answer, the naive one first, the emulated trial last.

    Parameters
    ----------
    found
        The answers that compare the transplanted with the others, on the trial's patients.
    emulation
        The trial on the same patients, with or without its intervals; None where it cannot be
        emulated.

    Returns
    -------
    DataFrame
        key, approach, label, n, transplanted, events, hr, hr_lower, hr_upper, rmst_difference and
        survival_difference at the horizon with ``_lower`` and ``_upper`` (missing where the
        approach gives none), estimates, assumes, wrong, note.
    """
    horizon = None if emulation is None else emulation.settings.horizon
    rows: list[dict[str, object]] = []
    for answer in answers_table(found).to_dict("records"):
        key = str(answer["key"])
        kind = key.partition(":")[0]
        row: dict[str, object] = {
            "key": key,
            "approach": answer["group"],
            "label": answer["label"],
            "n": answer["n"],
            "transplanted": found.n_exposed,
            "events": answer["events"],
            **{f"hr{e}": answer[n] for e, n in zip(_ENDS, ("hr", "lower", "upper"), strict=True)},
            "estimates": _ESTIMATES[kind],
            "assumes": _ASSUMES[kind],
            "wrong": key == NAIVE,
            "note": answer["note"],
        }
        if kind == "landmark":
            mark = float(key.partition(":")[2])
            part = found.landmarks[found.landmarks["landmark"] == mark].iloc[0]
            row["transplanted"] = part["n_exposed"]
            curves = _at_landmark(found, mark)
        else:
            curves = found.naive_curves if key == NAIVE else None
        if curves is not None and horizon is not None:
            row |= _differences(curves, horizon)
        rows.append(row)
    if emulation is not None:
        rows += _emulated(emulation)
    columns = [
        *("key", "approach", "label", "n", "transplanted", "events"),
        *(f"{m}{e}" for m in ("hr", "rmst_difference", "survival_difference") for e in _ENDS),
        *("estimates", "assumes", "wrong", "note"),
    ]
    frame = pd.DataFrame(rows).reindex(columns=columns)
    numbers = columns[3:15]
    frame[numbers] = frame[numbers].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    return frame


@dataclass(frozen=True)
class NaiveError:
    """Months of life that the naive comparison gives, and the emulated trial for a strategy."""

    naive: float
    emulated: float
    strategy: str

    @property
    def months(self) -> float:
        """How far the naive comparison is off."""
        return self.naive - self.emulated


def naive_error(table: pd.DataFrame) -> NaiveError | None:
    """How far the naive comparison is off in these data; None where either is missing.

    Parameters
    ----------
    table
        From :func:`side_by_side`; the first strategy with an estimate counts.
    """
    naive = table.loc[table["key"] == NAIVE, "rmst_difference"].dropna()
    emulated = table[(table["approach"] == EMULATED) & table["rmst_difference"].notna()]
    if naive.empty or emulated.empty:
        return None
    first = emulated.iloc[0]
    return NaiveError(
        float(naive.iloc[0]), float(first["rmst_difference"]), mid_sentence(str(first["label"]))
    )


def side_by_side_reading(table: pd.DataFrame, horizon: float) -> list[str]:
    """What the answers say together, one sentence each, from rules."""
    sentences = []
    emulated = table[table["approach"] == EMULATED]
    own = emulated[emulated["rmst_difference"].notna()]
    error = naive_error(table)
    if error is not None:
        sentences.append(
            f"Compared naively, the transplanted live **{signed(error.naive)} months** by "
            f"month {horizon:g}; the emulated trial says **{signed(error.emulated)}** for "
            f"{error.strategy}. The naive comparison is off by **{signed(error.months)} months**. "
            "Two errors make it up, and they can act in opposite directions: the time one has to "
            "live to be transplanted, and who is chosen for it."
        )
    transplanted = table["transplanted"].max()
    if np.isfinite(transplanted) and transplanted < FEW_TRANSPLANTS:
        sentences.append(
            f"Only {count(int(transplanted), 'patient')} of these were transplanted: too few for "
            "any of the answers to be more than a description."
        )
    for row in own.to_dict("records"):
        low, high = row["rmst_difference_lower"], row["rmst_difference_upper"]
        if np.isfinite(low) and low <= 0 <= high:
            sentences.append(
                f"{row['label']}: these data do not tell whether it lengthens or shortens life "
                f"({signed(row['rmst_difference'])} months, {signed(low)} to {signed(high)})."
            )
    if not len(own):
        sentences.append(
            "The emulated trial gives no answer for everybody together; see why under its figure."
        )
    return sentences


def same_terms_reading(same: SameTerms, emulation: Emulation) -> list[str]:
    """What the estimators say of the same patients, and what explains that they differ."""
    month = f"month {emulation.settings.horizon:g}"
    sentences = []
    means = same.means[same.means["supported"]]
    for group, own in means.groupby("group", sort=False):
        said = [
            f"{mid_sentence(str(row['approach']))} "
            f"{gain_words(row['rmst_difference'], row['lower'], row['upper'])}"
            for row in own.to_dict("records")
        ]
        sentences.append(f"**{group}**, by {month}: {listing(said)}.{_apart(own)}")
    weights, largest = emulation.influence, 0.0
    if len(weights):
        largest = float(weights["share"].max())
    if len(means):
        sentences.append(
            "They differ in what must be right: the weights, whatever follows (one patient has up "
            f"to {largest:.0%} of an arm); the model of death, with one ratio early and one late; "
            "or either of them."
        )
    return [*sentences, *_ratios_in_words(same.ratios)]


def _apart(own: pd.DataFrame) -> str:
    """Whether the estimates of a group lie within the interval of the doubly robust one."""
    robust = own[own["approach"] == ROBUST].iloc[0]
    if pd.isna(robust["lower"]):
        return ""
    inside = own["rmst_difference"].between(robust["lower"], robust["upper"]).all()
    where = "within the" if inside else "**not all within the**"
    return f" All are {where} interval of the doubly robust one." if inside else (
        f" They are {where} interval of the doubly robust one."
    )  # fmt: skip


def _ratios_in_words(ratios: pd.DataFrame) -> list[str]:
    """What moves the hazard ratio: confounding, time since the transplant, who is left out."""
    own = ratios.set_index("approach")
    crude, whole, early, late = (
        own.loc[name, "hr"] for name in (CRUDE, *(f"{TIMED}: {p}" for p in _PERIODS))
    )
    sentences = []
    if np.isfinite(crude) and np.isfinite(whole):
        words = f"Hazard ratio {crude:.2f} unadjusted, {whole:.2f} with the same confounders"
        sentences.append(
            f"{words}: who is transplanted differs from who is not (confounding)."
            if (crude > 1) != (whole > 1) or abs(np.log(crude / whole)) > _MOVED
            else f"{words}: adjusting moves it little."
        )
    if np.isfinite(early) and np.isfinite(late):
        words = f"It is {early:.2f} early after the transplant and {late:.2f} later"
        sentences.append(
            f"{words}: one ratio for all times averages harm and gain."
            if early > 1 > late
            else f"{words}."
        )
    marks = ratios[ratios["approach"].str.startswith("Landmark") & ratios["hr"].notna()]
    return sentences + [
        f"{row['approach']}: {row['hr']:.2f}; it leaves out the {int(row['died_before']):,} who "
        "died before, after a transplant or without."
        for row in marks.to_dict("records")
    ]


def harm_and_gain(emulation: Emulation, group: str) -> str:
    """When survival differs between the strategies beyond the band for all times; or nothing."""
    own = emulation.differences[emulation.differences["group"] == group]
    own = own[own["strategy"] == own["strategy"].iloc[0]] if len(own) else own
    if own.empty or own["lower"].isna().all():
        return ""
    said = [
        f"{word} from month {part['time'].iloc[0]:.0f} to {part['time'].iloc[-1]:.0f}"
        for word, part in (
            ("lower", own[own["upper"] < -_NOTHING]), ("higher", own[own["lower"] > _NOTHING])
        )
        if len(part)
    ]  # fmt: skip
    last = own.iloc[-1]
    words = f"{group}: survival under {mid_sentence(str(last['strategy']))} against none is "
    words += listing(said) if said else "at no time different beyond the band"
    end = f"{last['difference']:+.0%} ({last['lower']:+.0%} to {last['upper']:+.0%})"
    return f"{words}; at month {last['time']:.0f} the difference is {end.replace('-', '−')}."


def _at_landmark(found: DuringFollowUp, mark: float) -> TwoCurves | None:
    try:
        part = landmark(found.time, found.event, found.began, mark)
    except ValueError:
        return None
    sides = [
        kaplan_meier(part.time[own], part.event[own]) if own.any() else None
        for own in (~part.exposed, part.exposed)
    ]
    return TwoCurves(sides[0], sides[1], None)


def _differences(curves: TwoCurves, horizon: float) -> dict[str, float]:
    """Differences of restricted means and of survival, with normal intervals."""
    if curves.exposed is None or curves.unexposed is None:
        return {}
    one, other = (km.rmst(horizon) for km in (curves.exposed, curves.unexposed))
    half = 1.959963984540054 * float(np.hypot(one.std_error, other.std_error))
    difference = float(one) - float(other)
    result = dict(
        zip(
            (f"rmst_difference{end}" for end in _ENDS),
            (difference, difference - half, difference + half),
            strict=True,
        )
    )
    last = [km.at([horizon])["survival"].iloc[0] for km in (curves.exposed, curves.unexposed)]
    return result | {"survival_difference": float(last[0] - last[1])}


def _emulated(emulation: Emulation) -> list[dict[str, object]]:
    rows = emulation.contrasts
    rows = rows[rows["group"] == emulation.groups[0]]
    support = emulation.estimates.set_index(["group", "strategy"])
    found = []
    for own in rows.to_dict("records"):
        behind = support.loc[(own["group"], own["strategy"])]
        row: dict[str, object] = {
            "key": f"emulated:{own['strategy']}",
            "approach": EMULATED,
            "label": own["strategy"],
            "n": behind["n"],
            "transplanted": behind["adherent"],
            "events": behind["events"],
            "estimates": _ESTIMATES["emulated"],
            "assumes": _ASSUMES["emulated"],
            "wrong": False,
            "note": own["note"],
        }
        row |= {f"hr{end}": own[f"hazard_ratio{end}"] for end in _ENDS}
        for measure in ("rmst_difference", "survival_difference"):
            row |= {f"{measure}{end}": own[f"{measure}{end}"] for end in _ENDS}
        found.append(row)
    return found
