"""Input of every time-to-event analysis: checked, as plain arrays, with near ties made exact.

All survival modules read their arguments through these functions, so that the same mistake gives
the same sentence everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import erfc, ndtri

from app.analysis.arrays import Bools, Floats, Ints
from data_loaders.model import TIE_TOLERANCE


@dataclass(frozen=True)
class SurvivalData:
    """Follow-up of n patients on a grid of distinct times.

    Attributes
    ----------
    times
        Distinct times, ascending, shape (k,), in the unit of the input.
    exit
        Position in ``times`` of each patient's end of follow-up, shape (n,).
    event
        True where follow-up ended with the event, shape (n,).
    entry
        Position in ``times`` of each patient's entry, shape (n,); None where everyone is under
        observation from the start.
    """

    times: Floats
    exit: Ints
    event: Bools
    entry: Ints | None = None
    copies: Ints | None = None

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.exit)

    @property
    def n(self) -> int:
        """Number of patients."""
        return len(self.exit) if self.copies is None else int(self.copies.sum())

    @property
    def events(self) -> int:
        """Number of patients with the event."""
        return int((self.event if self.copies is None else self.copies[self.event]).sum())

    def subset(self, keep: Bools) -> SurvivalData:
        """Only the rows in ``keep`` (shape (n,)), on the same grid of times."""
        entry = None if self.entry is None else self.entry[keep]
        copies = None if self.copies is None else self.copies[keep]
        return SurvivalData(self.times, self.exit[keep], self.event[keep], entry, copies)


@dataclass(frozen=True)
class Groups:
    """Group membership as positions in an ordered list of labels.

    Attributes
    ----------
    labels
        Labels of the groups that hold at least one patient, in order.
    codes
        Position in ``labels`` of each patient, shape (n,).
    empty
        Categories that were declared but hold nobody.
    """

    labels: tuple[Any, ...]
    codes: Ints
    empty: tuple[Any, ...] = ()


def survival_data(
    time: Any,
    event: Any,
    entry: Any = None,
    *,
    copies: Any = None,
    beside: Mapping[str, Any] | None = None,
) -> SurvivalData:
    """Check follow-up times and make near ties exact.

    Times that differ only by rounding error are one time: differences up to the square root of
    machine precision, absolute or relative to the times themselves. R's ``aeqSurv`` takes them
    relative to the mean of all times, by which one absurd time merges all others.

    Parameters
    ----------
    event
        1 or True where follow-up ended with the event, 0 or False where it was censored.
    entry
        Time from which each patient was under observation (left truncation), before ``time``.
    copies
        How many patients each row stands for, whole numbers of at least 1; None for one.
    beside
        What else is given of the same patients, by name (``Groups``): checked to be in the same
        order, and nothing more.

    Returns
    -------
    SurvivalData

    Raises
    ------
    ValueError
        If arrays are empty, differ in length or order, hold missing or impossible values.
    """
    same_patients(
        {"Follow-up times": time, "The events": event, "Entry times": entry, **(beside or {})}
    )
    exits = numbers(time, "Follow-up times")
    if len(exits) == 0:
        raise ValueError("There is no patient to analyse: choose a larger selection.")
    if (exits < 0).any():
        raise ValueError(
            f"Follow-up times must not be negative, but {_count(exits < 0)}: correct the dates or "
            "leave these patients out."
        )
    happened = indicator(event, "The event column", len(exits))
    many = None
    if copies is not None:
        given = numbers(copies, "Numbers of patients", len(exits))
        if (given < 1).any() or (given != np.round(given)).any():
            raise ValueError("A row stands for a whole number of patients, at least one.")
        many = given.astype(np.int64)
    if entry is None:
        times, codes = distinct_times(exits)
        return SurvivalData(times, codes, happened, None, many)
    entries = numbers(entry, "Entry times", len(exits))
    times, codes = distinct_times(np.concatenate([exits, entries]))
    exit_code, entry_code = codes[: len(exits)], codes[len(exits) :]
    late = entry_code >= exit_code
    if late.any():
        raise ValueError(
            f"Each patient must enter before the end of follow-up, but {_count(late)} with an "
            "entry time at or after it: leave these patients out."
        )
    return SurvivalData(times, exit_code, happened, entry_code, many)


def condensed(data: SurvivalData, codes: Ints) -> tuple[SurvivalData, Ints]:
    """Patients of one group who leave at one time in one way as one row, where that is shorter.

    Parameters
    ----------
    data
        The follow-up of n patients.
    codes
        Position of each one's group, 0 or more, shape (n,).

    Returns
    -------
    tuple
        The follow-up with copies, and the group of each row; both as they were where patients
        enter late, or times or groups are too many for it.
    """
    k = int(codes.max()) + 1
    if data.entry is not None or data.copies is not None or 2 * k * len(data.times) > len(codes):
        return data, codes
    copies = np.bincount((2 * data.exit + data.event) * k + codes)
    rows = np.flatnonzero(copies)
    ends, groups = np.divmod(rows, k)
    return SurvivalData(data.times, ends // 2, ends % 2 == 1, None, copies[rows]), groups


def distinct_times(values: Floats) -> tuple[Floats, Ints]:
    """Distinct times and the position of every value among them, near ties merged.

    Parameters
    ----------
    values
        Finite times, shape (n,).

    Returns
    -------
    tuple of arrays
        Distinct times, ascending, shape (k,); positions, shape (n,).
    """
    order = np.argsort(values)
    ordered = values[order]
    starts = np.concatenate([[True], np.diff(ordered) > slack(ordered[1:])])
    codes = np.empty(len(values), dtype=np.int64)
    codes[order] = np.cumsum(starts) - 1
    return ordered[starts], codes


def slack(times: Floats | float) -> Floats:
    """How far another time may lie from each of these and be the same but for rounding.

    Absolute for small times, relative for large ones. Every comparison of times allows for it:
    ``a <= b + slack(b)``, ``a < b - slack(b)``.

    Returns
    -------
    array of the shape of ``times``
    """
    return np.asarray(TIE_TOLERANCE * np.maximum(1.0, np.abs(times)))


def same_patients(given: Mapping[str, Any]) -> None:
    """Refuse columns that name their patients in different orders, which would be mispaired.

    Series and DataFrames with one and the same index, arrays, lists, and those that were merely
    numbered 0, 1, 2, ... are paired by position.

    Parameters
    ----------
    given
        What was given, by its name in the plural as the start of a sentence; None is passed over.

    Raises
    ------
    ValueError
        If two indexes differ in order or in their patients.
    """
    named: dict[str, pd.Index] = {
        name: values.index
        for name, values in given.items()
        if isinstance(values, (pd.Series, pd.DataFrame))
    }
    if len(named) < 2:
        return
    first_name = next(iter(named))
    # What bears real labels is compared with: numbers 0, 1, 2, ... may be those of anything.
    for name, index in named.items():
        if not _is_numbering(index):
            first_name = name
            break
    first = named[first_name]
    for name, index in named.items():
        if index is first or len(index) != len(first) or index.equals(first):
            continue
        reordered = index.difference(first).empty and first.difference(index).empty
        if not reordered and (_is_numbering(index) or _only_numbers_beside(index, first)):
            continue
        found = "in another order" if reordered else "of other patients"
        raise ValueError(
            f"{first_name} and {name[:1].lower() + name[1:]} must be of the same patients in the "
            f"same order, but by their index they are {found}: take both from one table, or "
            "reindex one to the other."
        )


def _only_numbers_beside(index: pd.Index, names: pd.Index) -> bool:
    """Whether one has row numbers, in whichever order, where the other has names."""
    return (
        pd.api.types.is_integer_dtype(index.dtype)
        and not pd.api.types.is_numeric_dtype(names.dtype)
        and index.is_unique
        and index.min() == 0
        and index.max() == len(index) - 1
    )


def _is_numbering(index: pd.Index) -> bool:
    return isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1


def numbers(values: Any, name: str, length: int | None = None) -> Floats:
    """A one-dimensional float array without missing or infinite values.

    Parameters
    ----------
    name
        What the values are, as the start of a sentence in the plural: ``Follow-up times``.

    Raises
    ------
    ValueError
        If values are not numbers, not one-dimensional, missing, infinite, or of another length.
    """
    series = values if isinstance(values, pd.Series) else pd.Series(np.atleast_1d(values))
    refuse_dates(series, name)
    if series.dtype.kind in "mM":
        series = pd.Series(np.full(len(series), np.nan))
    try:
        array: Floats = series.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers: convert the column first.") from error
    if length is not None and len(array) != length:
        raise ValueError(f"{name} have {len(array)} values where {length} patients are given.")
    if not np.isfinite(array).all():
        missing = ~np.isfinite(array)
        raise ValueError(
            f"{name} must be known and finite, but {_count(missing)} without one: count these "
            "patients and leave them out."
        )
    return array


def refuse_dates(series: pd.Series, name: str) -> None:
    """Refuse dates and durations, which would be read as nanoseconds; all missing is no date.

    Raises
    ------
    ValueError
        If there is any.
    """
    if series.dtype.kind not in "mM" or series.isna().all():
        return
    what = "dates" if series.dtype.kind == "M" else "durations"
    raise ValueError(
        f"{name} must be numbers, not {what}: give the time in one unit, such as days / 30.4375 "
        "for months."
    )


def indicator(values: Any, name: str, length: int) -> Bools:
    """A boolean array from 0/1 or False/True.

    Raises
    ------
    ValueError
        If values are missing, other than 0 and 1, or of another length.
    """
    array = numbers(values, f"{name}'s values", length)
    if not np.isin(array, (0.0, 1.0)).all():
        raise ValueError(f"{name} must hold only 0 (no) and 1 (yes): recode it first.")
    return array.astype(np.bool_)


def group_codes(groups: Any, length: int) -> Groups:
    """Number groups in a stable order: category order, else sorted, never order of appearance.

    Raises
    ------
    ValueError
        If a patient has no group, or the length is another.
    """
    categorical = isinstance(getattr(groups, "dtype", None), pd.CategoricalDtype)
    series = groups if isinstance(groups, pd.Series) else pd.Series(groups)
    if len(series) != length:
        raise ValueError(f"Groups have {len(series)} values where {length} patients are given.")
    if series.isna().any():
        raise ValueError(
            f"Every patient needs a group, but {_count(series.isna().to_numpy())} without one: "
            "count these patients and leave them out."
        )
    if categorical:
        declared = list(series.cat.categories)
        raw = series.cat.codes.to_numpy(dtype=np.int64)
    else:
        raw, uniques = pd.factorize(series)
        declared, raw = _sorted_levels(list(uniques), raw.astype(np.int64))
    counts = np.bincount(raw, minlength=len(declared))
    position = np.cumsum(counts > 0) - 1
    return Groups(
        labels=tuple(label for label, count in zip(declared, counts, strict=True) if count),
        codes=position[raw].astype(np.int64),
        empty=tuple(label for label, count in zip(declared, counts, strict=True) if not count),
    )


def two_or_more_groups(groups: Any, length: int) -> Groups:
    """Number groups for a comparison.

    Raises
    ------
    ValueError
        If all patients are in one group, or as :func:`group_codes`.
    """
    known = group_codes(groups, length)
    if len(known.labels) < 2:
        raise ValueError("A comparison needs patients in at least two groups; here is only one.")
    return known


def competing_data(
    time: Any, cause: Any, entry: Any = None, *, beside: Mapping[str, Any] | None = None
) -> tuple[SurvivalData, Ints]:
    """Check times and causes of competing events.

    Returns
    -------
    tuple
        The follow-up, with an event where any cause occurred; the cause of each patient, 0 =
        censored.

    Raises
    ------
    ValueError
        If causes are not whole numbers of at least 0, or as :func:`survival_data`.
    """
    codes = numbers(cause, "Causes")
    if (codes < 0).any() or (codes != np.round(codes)).any():
        raise ValueError("Causes must be whole numbers: 0 for censored, 1, 2, ... for events.")
    also = {"Causes": cause, **(beside or {})}
    return survival_data(time, codes > 0, entry, beside=also), codes.astype(np.int64)


def count_table(rows: Ints, columns: Ints, m: int, k: int, copies: Ints | None = None) -> Floats:
    """How many patients fall in each cell of an m x k table."""
    flat = np.bincount(rows * k + columns, copies, minlength=m * k)
    return flat.reshape(m, k).astype(np.float64)


def quadratic_form(difference: Floats, variance: Floats) -> tuple[float, int]:
    """Chi-squared statistic of a difference and its degrees of freedom, the rank of its variance.

    Returns
    -------
    tuple
        NaN and 0 where the variance is zero.
    """
    scale = float(np.trace(variance))
    if len(difference) < 2 or scale <= 0:
        return float("nan"), 0
    values, vectors = np.linalg.eigh(variance)
    kept = values > 1e-10 * scale
    projected = vectors[:, kept].T @ difference
    return float(np.sum(projected**2 / values[kept])), int(kept.sum())


def wald(
    difference: Floats,
    std_error: Floats,
    conf_level: float,
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> dict[str, Floats]:
    """Columns of an estimated difference from zero.

    Parameters
    ----------
    difference, std_error
        Estimates and their standard errors. An error of zero is none: nothing varied, which is no
        certainty.
    bounds
        The least and the largest difference that there can be; the interval is cut there.

    Returns
    -------
    dict
        difference, std_error, lower, upper and two-sided p_value; the last four NaN without an
        error.
    """
    error = np.where(std_error > 0, std_error, np.nan)
    half = float(ndtri(0.5 + conf_level / 2)) * error
    return {
        "difference": difference,
        "std_error": error,
        "lower": np.maximum(difference - half, bounds[0]),
        "upper": np.minimum(difference + half, bounds[1]),
        "p_value": np.asarray(erfc(np.abs(difference) / error / np.sqrt(2))),
    }


def _sorted_levels(levels: list[Any], codes: Ints) -> tuple[list[Any], Ints]:
    """Levels in sorted order (by their text where they cannot be compared) and codes to match."""
    try:
        order = sorted(range(len(levels)), key=lambda i: levels[i])
    except TypeError:
        order = sorted(range(len(levels)), key=lambda i: (str(type(levels[i])), str(levels[i])))
    rank = np.empty(len(levels), dtype=np.int64)
    rank[order] = np.arange(len(levels))
    return [levels[i] for i in order], rank[codes]


def _count(mask: npt.NDArray[np.bool_]) -> str:
    """``1 patient is`` or ``7 patients are``."""
    n = int(mask.sum())
    return "1 patient is" if n == 1 else f"{n} patients are"


def at_risk_counts(data: SurvivalData, weights: Floats | None = None) -> Floats:
    """Number (or weight) at risk just before each distinct time: entry < t <= exit.

    Returns
    -------
    array of shape (k,)
    """
    k = len(data.times)
    mass = data.copies if weights is None else weights
    leaving = np.bincount(data.exit, weights=mass, minlength=k)
    staying = np.cumsum(leaving[::-1])[::-1].astype(np.float64)
    if data.entry is not None:
        entering = np.bincount(data.entry, weights=mass, minlength=k)
        staying -= np.cumsum(entering[::-1])[::-1]
    return staying
