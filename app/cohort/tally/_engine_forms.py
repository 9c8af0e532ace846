"""The plain forms in which a cohort's column comes of a table's, as Ibis expressions."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from app.cohort.groupings import LEFT_OUT, MISSING, NOT_TESTED
from app.cohort.tally._tally import ALTERED, NOT_ALTERED
from data_loaders.arrays import Floats
from data_loaders.endpoints.find import MONTHS_PER
from data_loaders.model import DAYS_PER_MONTH, TIE_TOLERANCE

# From a table, as an Ibis expression, to a column of it.
Build = Callable[[Any], Any]
_MOST_CODES = 20
_DAYS_PER_YEAR = 365.25
_RELATIVE = 1e-12


def plain_value(value: Any) -> Any:
    """A value as it is compared: numbers as floats, missing ones as None."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | float | Decimal | np.number):
        return None if math.isnan(value) else float(value)
    return value


def plain_values(column: pd.Series) -> list[Any]:
    """A column's values as they are compared, as :func:`plain_value` has each."""
    kind = column.dtype
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        plainly = numbers.astype(object)
        plainly[np.isnan(numbers)] = None
        return list(plainly)
    codes, values = pd.factorize(column.to_numpy(dtype=object))
    return list(np.array([*map(plain_value, values), None], dtype=object)[codes])


def plain(column: Any) -> Any:
    """A column of numbers without NaN, which engines take for the largest of all."""
    number = column.cast("float64")
    return number.nullif(float("nan")) if column.type().is_floating() else number


def as_it_is(source: str) -> Build:
    """A column that is the table's own."""
    return lambda rows: rows[source]


def scaled(source: str, values: Sequence[Any], target: Sequence[Any]) -> Build | None:
    """A number in another unit, where a few codes and what lies beyond its ends mean missing.

    Returns
    -------
    callable
        None where the target is no multiple of the source.
    """
    x, y = (
        np.array([np.nan if v is None else float(v) for v in held]) for held in (values, target)
    )
    known = ~np.isnan(y)
    used = known & (x != 0) & ~np.isnan(x)
    if not used.any() or np.isnan(x[known]).any():
        return None
    ratio = float(np.median(y[used] / x[used]))
    if not ratio > 0:
        return None
    change = _change(x[known], y[known], ratio)
    if change is None:
        return None
    lost = np.unique(x[~known & ~np.isnan(x)])
    low, high = float(x[known].min()), float(x[known].max())
    codes = [float(v) for v in lost[(lost >= low) & (lost <= high)]]
    if len(codes) > _MOST_CODES:
        return None
    below, above = bool((lost < low).any()), bool((lost > high).any())

    def build(rows: Any) -> Any:
        import ibis

        number = plain(rows[source])
        keep = []
        if codes:
            keep.append(number.notin(codes))
        if below:
            keep.append(number >= low)
        if above:
            keep.append(number <= high)
        converted = change(number)
        if not keep:
            return converted
        return ibis.cases((ibis.and_(*keep), converted), else_=None)

    return build


def _change(x: Floats, y: Floats, ratio: float) -> Callable[[Any], Any] | None:
    """The multiplication or division that gives one from the other, to the last digit if any."""
    factors = [1.0, *MONTHS_PER.values(), round(ratio, 9)]
    changes: list[Callable[[Any], Any]] = [partial(operator.mul, factor) for factor in factors]
    divisor = round(1 / ratio, 9)
    changes.append(lambda number: number / divisor)
    close = [change for change in changes if np.allclose(change(x), y, rtol=_RELATIVE, atol=0)]
    exact = [change for change in close if np.array_equal(change(x), y)]
    return next(iter([*exact, *close]), None)


def by_lookup(source: str, values: Sequence[Any], target: Sequence[Any]) -> Build | None:
    """A column whose every value has one meaning.

    Returns
    -------
    callable
        None where one value means two things.
    """
    means: dict[Any, Any] = {}
    for value, meaning in zip(values, target, strict=True):
        if means.setdefault(value, meaning) != meaning:
            return None
    wanted: dict[Any, list[Any]] = {}
    for value, meaning in means.items():
        if meaning is not None:
            wanted.setdefault(meaning, []).append(value)

    def build(rows: Any) -> Any:
        import ibis

        column = rows[source]
        branches = []
        for meaning, held in wanted.items():
            named = [value for value in held if value is not None]
            tests = [column.isin(named)] if named else []
            if None in held:
                tests.append(column.isnull())
            branches.append((ibis.or_(*tests), meaning))
        kind = "float64" if any(isinstance(m, float) for m in wanted) else None
        if not branches:
            return ibis.null("float64")
        return ibis.cases(*[(test, ibis.literal(m, kind)) for test, m in branches], else_=None)

    return build


def between_dates(
    first: str, last: str, starts: Sequence[Any], ends: Sequence[Any], target: Sequence[Any]
) -> Build | None:
    """A time in months, or years, between two dates.

    Returns
    -------
    callable
        None where it is not.
    """
    y = np.array([np.nan if v is None else float(v) for v in target])
    days = np.array(
        [
            np.nan if a is None or b is None else (b - a).days
            for a, b in zip(starts, ends, strict=True)
        ]
    )
    known = ~np.isnan(y)
    if not known.any() or np.isnan(days[known]).any():
        return None
    change = next(
        (
            change
            for unit in (DAYS_PER_MONTH, _DAYS_PER_YEAR)
            if (change := _change(days[known], y[known], 1 / unit)) is not None
        ),
        None,
    )
    if change is None:
        return None
    lost = days[~known & ~np.isnan(days)]
    from_zero = bool(len(lost)) and bool((lost < days[known].min()).all())
    if len(lost) and not from_zero:
        return None
    low = float(days[known].min())

    def build(rows: Any) -> Any:
        import ibis

        span = rows[last].delta(rows[first], unit="day").cast("float64")
        time = change(span)
        return ibis.cases((span >= low, time), else_=None) if from_zero else time

    return build


def given_event(event: Build, with_it: float, without: Build) -> Build:
    """A value that is known with the event, and comes of something else without it."""

    def build(rows: Any) -> Any:
        import ibis

        happened = event(rows)
        return ibis.cases(
            (happened == 1, ibis.literal(with_it, "float64")), (happened == 0, without(rows)),
            else_=None,
        )  # fmt: skip

    return build


def followed(event: Build, own: Build, survival: Build, competing: Build, *, blank: bool) -> Build:
    """A time that is the endpoint's own with the event, and that of survival without it.

    Parameters
    ----------
    blank
        Whether a time of one's own that is blank is filled from survival, too.
    """

    def build(rows: Any) -> Any:
        import ibis

        time, last = own(rows), survival(rows)
        instead = (event(rows) == 0) & last.notnull() & competing(rows).notnull()
        if not blank:
            instead &= time.notnull()
        return ibis.ifelse(instead.fill_null(False), last, time)

    return build


def any_of(parts: Sequence[Build]) -> Build:
    """An alteration that is there where any of several is, in three-valued logic."""

    def build(rows: Any) -> Any:
        whole = parts[0](rows)
        for part in parts[1:]:
            whole |= part(rows)
        return whole

    return build


def where(test: Any, value: Any) -> Any:
    """A value where a condition holds, none elsewhere."""
    import ibis

    return ibis.cases((test, value), else_=None)


def at_or_after(time: Any, grid: Sequence[float]) -> Any:
    """The first point of a grid that is no earlier; the time itself beyond the last."""
    import ibis

    if _by_one(grid):
        point = ibis.greatest(time.ceil().cast("float64"), float(grid[0]))
        return ibis.cases((time <= float(grid[-1]), point), else_=time)
    return ibis.cases(*[(time <= point, float(point)) for point in grid], else_=time)


def at_or_before(time: Any, grid: Sequence[float]) -> Any:
    """The last point of a grid that is no later; 0 before the first."""
    import ibis

    if _by_one(grid):
        point = ibis.least(time.floor().cast("float64"), float(grid[-1]))
        return ibis.cases((time >= float(grid[0]), point), (time.notnull(), 0.0), else_=None)
    points = [(time >= point, float(point)) for point in reversed(grid)]
    # Of constants alone PostgreSQL makes decimal numbers.
    return ibis.cases(*points, (time.notnull(), time * 0.0), else_=None)


def _by_one(grid: Sequence[float]) -> bool:
    """Whether it has every whole number, as months do: rounding is quicker than many cases."""
    return list(grid) == [*range(int(grid[0]), int(grid[0]) + len(grid))]


def began_on(began: Any, time: Any, grid: Sequence[float]) -> Any:
    """When an event during follow-up came, on a grid: before time zero, or after the end, stays."""
    import ibis

    late = began >= time - TIE_TOLERANCE * ibis.greatest(time, 1.0)
    return ibis.cases(
        (began < 0, ibis.literal(-1.0)), (late, ibis.greatest(at_or_after(time, grid), began)),
        else_=at_or_before(began, grid),
    )  # fmt: skip


def word(value: Any) -> str:
    """What a value is called; one that is missing too."""
    return LEFT_OUT[MISSING] if pd.isna(value) else str(value)


def state_word(value: Any) -> str:
    """What an alteration's state is called."""
    if pd.isna(value):
        return LEFT_OUT[NOT_TESTED]
    return ALTERED if value else NOT_ALTERED
