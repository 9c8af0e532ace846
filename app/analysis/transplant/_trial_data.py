"""What the trial is emulated on: follow-up, transplant, confounders and classes, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats, Ints
from app.analysis.survival_input import (
    distinct_times,
    group_codes,
    refuse_dates,
    same_patients,
    slack,
    survival_data,
)
from data_loaders.wording import mid_sentence, plural

EVERYONE = "All eligible"
CLASS = "class"
CENTRE = "centre"
OTHER_CENTRES = "smaller centres"
# A centre is told apart where its own practice can be seen: as many transplanted, and as many not.
FEWEST_OF_A_CENTRE = 10
_CURVED_FROM = 10


@dataclass(frozen=True, eq=False)
class TrialData:
    """Patients of an emulated trial on one clock; rows in an order that does not depend on input.

    Attributes
    ----------
    time, event
        End of follow-up and whether it was the event, shape (n,).
    treated
        When the transplant was given; infinite where not before the end of follow-up.
    entry
        When observation began; minus infinity from time zero on.
    x, terms
        Standardised confounders, shape (n, p), and what each column is.
    confounders
        The confounders as given, in the order of the rows, for tables of balance.
    onsets
        Time-dependent confounders: name to when it set in, infinite for never.
    groups, names
        Class of each patient as a position in ``names``, shape (n,).
    centres
        Centre of each patient, shape (n,): weights and draws of patients are stratified by it; zero
        for everybody where none is told apart.
    rows
        Position of each row among the patients given.
    n_given, left_out
        Patients given, and why the others are not analysed: reason to number.
    reason
        Position in ``left_out`` of why each patient given is not analysed, -1 for who is, shape
        (n_given,).
    notes
        Sentences about what was done to the data.
    """

    time: Floats
    event: Bools
    treated: Floats
    entry: Floats
    x: Floats
    terms: tuple[str, ...]
    confounders: pd.DataFrame
    onsets: dict[str, Floats]
    groups: Ints
    names: tuple[str, ...]
    centres: Ints
    rows: Ints
    n_given: int
    left_out: dict[str, int]
    reason: Ints
    notes: tuple[str, ...] = field(default=())

    @property
    def n(self) -> int:
        """Patients analysed."""
        return len(self.time)

    @property
    def ever_treated(self) -> Bools:
        """Who was transplanted before the end of follow-up, shape (n,)."""
        return np.isfinite(self.treated)

    def resampled(self, rng: np.random.Generator) -> Floats:
        """How often each patient is in a bootstrap draw of every centre's patients, shape (n,)."""
        counts = np.zeros(self.n)
        for centre in np.unique(self.centres):
            rows = np.flatnonzero(self.centres == centre)
            counts[rows] = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)))
        return counts


def trial_data(
    time: Any,
    event: Any,
    treatment_time: Any,
    confounders: pd.DataFrame,
    *,
    groups: Any = None,
    centres: Any = None,
    entry: Any = None,
    onsets: Mapping[str, Any] | None = None,
    undated: Any = None,
    unknown: Mapping[str, Any] | None = None,
) -> TrialData:
    """Check the data of an emulated trial and leave out, with reasons, who cannot be used.

    Parameters
    ----------
    time, event
        End of follow-up since time zero and 1 = event or 0 = censored, shape (n,).
    treatment_time
        When the transplant was given since time zero, in the same unit; missing if never. One at or
        after the end of follow-up never counted. One before time zero makes the patient ineligible.
    confounders
        Baseline confounders, one column each; numbers enter with their square, others by level.
    groups
        Classes in which strategies are compared too (a risk class); they are a confounder as well.
        Patients without one are left out.
    centres
        Where each patient was treated. Centres with 10 transplanted and 10 other patients are each
        a stratum of the weights and of the bootstrap; the others, and unknown ones, are one.
    entry
        When observation began, where later than time zero (delayed entry).
    onsets
        Time-dependent confounders such as progression: name to time of onset, missing for never.
        One at or before time zero is there from the start.
    undated
        True where a transplant is known but its time is not; such patients are left out.
    unknown
        Name of an onset to True where it is not known whether or when it came. That is not never:
        such patients are left out.

    Raises
    ------
    ValueError
        If nobody is left, lengths differ, or times or events are impossible.
    """
    n = len(np.asarray(time))
    same_patients(
        {
            "Follow-up times": time,
            "The events": event,
            "Transplant times": treatment_time,
            "The confounders": confounders,
            "Classes": groups,
            "Centres": centres,
            "Entry times": entry,
            **{f"Times of {name}": values for name, values in (onsets or {}).items()},
        }
    )
    columns = {"time": _floats(time, n, "Follow-up times"), "event": _floats(event, n, "Events")}
    columns["treated"] = _floats(treatment_time, n, "Transplant times")
    columns["entry"] = np.full(n, -np.inf) if entry is None else _floats(entry, n, "Entry times")
    for name, values in (onsets or {}).items():
        columns[f"onset:{name}"] = _floats(values, n, f"Times of {name}")
    if len(confounders) != n:
        raise ValueError(
            f"The table of confounders has {len(confounders)} rows where {n} patients are given."
        )
    labels = np.full(n, EVERYONE, dtype=object) if groups is None else groups
    labels = labels if isinstance(labels, pd.Series) else pd.Series(labels)
    lacking = {
        f"in whom it is not known whether or when {mid_sentence(name)} came": np.asarray(who, bool)
        for name, who in (unknown or {}).items()
    }
    reason, left_out = _usable(
        columns,
        confounders,
        labels,
        None if undated is None else np.asarray(undated, dtype=bool),
        lacking,
    )
    kept = reason < 0
    if not kept.any():
        reasons = "; ".join(f"{number} {reason}" for reason, number in left_out.items())
        raise ValueError(f"Nobody is eligible for this trial ({reasons}): widen the eligibility.")
    part = {name: values[kept] for name, values in columns.items()}
    survival_data(part["time"], part["event"])
    part = _exact_ties(part)
    known = group_codes(labels[kept].reset_index(drop=True), int(kept.sum()))
    chosen = confounders.loc[kept].reset_index(drop=True)
    if len(known.labels) > 1 and not _holds(chosen, known.codes):
        classes = pd.Categorical.from_codes(known.codes, list(map(str, known.labels)))
        chosen = chosen.assign(**{CLASS: classes})
    treated = np.where(part["treated"] < part["time"], part["treated"], np.inf)
    places = np.zeros(len(treated), dtype=np.int64)
    if centres is not None:
        of = pd.Series(np.asarray(centres, dtype=object))[kept].reset_index(drop=True)
        places, told_apart = _centres(of, np.isfinite(treated))
        if len(told_apart) > 1 and not _tells(chosen, places):
            chosen = chosen.assign(**{CENTRE: pd.Categorical.from_codes(places, told_apart)})
    x, terms, notes = _design(chosen)
    late = int((part["treated"] >= part["time"]).sum())
    if late:
        notes = (
            *notes,
            f"{plural(late, 'transplant')} dated at or after the end of follow-up did not count.",
        )
    starting = {name: part[f"onset:{name}"] for name in (onsets or {})}
    notes += tuple(
        f"{plural(number, 'patient')} had {mid_sentence(name)} by time zero: it counts as there "
        "from the start."
        for name, values in starting.items()
        if (number := int((values <= 0).sum()))
    )
    order = np.lexsort((*x.T[::-1], known.codes, treated, part["event"], part["time"]))
    return TrialData(
        time=part["time"][order],
        event=part["event"][order] == 1,
        treated=treated[order],
        entry=part["entry"][order],
        x=x[order],
        terms=terms,
        confounders=chosen.iloc[order].reset_index(drop=True),
        onsets={
            name: np.where(np.isnan(values), np.inf, np.maximum(values, 0.0))[order]
            for name, values in starting.items()
        },
        groups=known.codes[order],
        names=tuple(str(label) for label in known.labels),
        centres=places[order],
        rows=np.flatnonzero(kept)[order],
        n_given=n,
        left_out=left_out,
        reason=reason,
        notes=notes,
    )


def _floats(values: Any, length: int, name: str) -> Floats:
    series = pd.Series(np.asarray(values))
    refuse_dates(series, name)
    if series.isna().all():
        return np.full(length, np.nan)
    array: Floats = series.to_numpy(dtype=np.float64, na_value=np.nan)
    if len(array) != length:
        raise ValueError(f"{name} have {len(array)} values where {length} patients are given.")
    return array


def _usable(
    columns: dict[str, Floats],
    confounders: pd.DataFrame,
    labels: pd.Series,
    undated: Bools | None,
    lacking: Mapping[str, Bools],
) -> tuple[Ints, dict[str, int]]:
    """Why patients cannot be analysed, each counted under the first reason; -1 for who can."""
    time, entry = columns["time"], columns["entry"]
    reasons: dict[str, Bools] = {
        "without a known outcome": np.isnan(time) | np.isnan(columns["event"]),
        "whose follow-up ended by time zero": time <= 0,
        "transplanted before time zero": columns["treated"] < 0,
        "with a transplant at an unknown time": np.zeros(len(time), bool)
        if undated is None
        else undated & np.isnan(columns["treated"]),
        "with an unknown time of entry": np.isnan(entry),
        "not yet under observation when follow-up ended": entry >= time,
        "transplanted before coming under observation": entry >= columns["treated"],
        **lacking,
        "without a class": labels.isna().to_numpy(),
    }
    for name in confounders.columns:
        reasons[f"without {name}"] = confounders[name].isna().to_numpy()
    found = np.full(len(time), -1, dtype=np.int64)
    left_out: dict[str, int] = {}
    for reason, who in reasons.items():
        newly = who & (found < 0)
        if newly.any():
            found[newly] = len(left_out)
            left_out[reason] = int(newly.sum())
    return found, left_out


def _exact_ties(columns: dict[str, Floats]) -> dict[str, Floats]:
    """Times of every kind on one grid, so that two that differ by rounding are the same.

    Whole months are on it, so that a horizon or a landmark is too.
    """
    timed = [name for name in columns if name != "event"]
    values = np.concatenate([columns[name] for name in timed])
    finite = np.isfinite(values)
    whole = np.round(values[finite])
    near = np.abs(values[finite] - whole) <= slack(whole)
    times, codes = distinct_times(np.where(near, whole, values[finite]))
    values[finite] = times[codes]
    parts = np.split(values, len(timed))
    return {**columns, **dict(zip(timed, parts, strict=True))}


def _centres(of: pd.Series, treated: Bools) -> tuple[Ints, list[str]]:
    """Stratum of each patient, and the strata: centres of a known practice, and the rest."""
    given = pd.Series(treated).groupby(of).agg(["sum", "size"])
    own = (given["sum"] >= FEWEST_OF_A_CENTRE) & (
        given["size"] - given["sum"] >= FEWEST_OF_A_CENTRE
    )
    names = sorted(given.index[own], key=str)
    codes = pd.Categorical(of, categories=names).codes.astype(np.int64)
    codes = np.where(codes < 0, len(names), codes)
    labels = [*map(str, names), *([OTHER_CENTRES] if (codes == len(names)).any() else [])]
    return codes, labels


def _tells(frame: pd.DataFrame, codes: Ints) -> bool:
    """Whether a column of levels, the centre as it was given, already tells the strata."""
    return any(
        pd.Series(codes).groupby(frame[name].to_numpy(dtype=object)).nunique().le(1).all()
        for name in frame.columns
        if not pd.api.types.is_numeric_dtype(frame[name].dtype)
    )


def _holds(frame: pd.DataFrame, codes: Ints) -> bool:
    """Whether a column already tells the classes apart."""
    return any(
        pd.Series(codes).groupby(frame[name].to_numpy()).nunique().le(1).all()
        for name in frame.columns
        if frame[name].nunique() == codes.max() + 1
    )


def _design(frame: pd.DataFrame) -> tuple[Floats, tuple[str, ...], tuple[str, ...]]:
    """Standardised columns: numbers with their square, other values by level."""
    columns: dict[str, Floats] = {}
    constant = []
    for name in frame.columns:
        values = frame[name]
        if values.nunique() < 2:
            constant.append(str(name))
        elif pd.api.types.is_numeric_dtype(values.dtype) or values.dtype == "boolean":
            number = values.to_numpy(dtype=np.float64)
            number = (number - number.mean()) / number.std()
            columns[str(name)] = number
            if values.nunique() >= _CURVED_FROM:
                square = number**2
                columns[f"{name} squared"] = (square - square.mean()) / square.std()
        else:
            known = group_codes(values, len(values))
            for position, label in enumerate(known.labels[1:], start=1):
                level = (known.codes == position).astype(np.float64)
                columns[f"{name}: {label}"] = (level - level.mean()) / level.std()
    notes = tuple(
        f"{name} is the same in every eligible patient and was left out of the confounders."
        for name in constant
    )
    x = np.column_stack(list(columns.values())) if columns else np.zeros((len(frame), 0))
    return x, tuple(columns), notes
