"""Harrell's concordance, counted exactly in O(n log n), with R's standard error."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.analysis.arrays import Floats, Ints
from app.analysis.survival import Estimate
from app.analysis.survival_input import Groups, SurvivalData, group_codes, numbers, survival_data

ROUNDING = 1e-12


def concordance_index(
    time: Any,
    event: Any,
    score: Any,
    entry: Any = None,
    strata: Any = None,
    *,
    uno: bool = False,
    until: float | None = None,
) -> Estimate:
    """Probability that of two patients the one with the higher score has the event first.

    Equals R's ``concordance(..., reverse = TRUE)``: pairs tied in time are not compared, a patient
    censored at the time of an event outlived it, pairs tied in score count one half; the standard
    error is the infinitesimal jackknife.

    Parameters
    ----------
    score
        Risk score, higher = earlier event, shape (n,).
    uno
        Whether pairs count by the inverse of the squared probability of still being observed at
        the event (Uno 2011), so that the censoring does not decide what is measured; R's
        ``timewt = "n/G2"``. Not with entry times or strata.
    until
        Events after this time do not count; R's ``ymax``.

    Returns
    -------
    Estimate
        The index with ``std_error``, ``lower`` and ``upper``; NaN with a ``note`` if no pair can
        be compared.

    Raises
    ------
    ValueError
        If Uno's index is asked for with entry times or strata.
    """
    data = survival_data(time, event, entry, beside={"Scores": score, "Strata": strata})
    layers = None if strata is None else group_codes(strata, data.n)
    counting = None
    if uno or until is not None:
        if uno and (layers is not None or data.entry is not None):
            raise ValueError("Uno's concordance is not defined with entry times or strata.")
        counting = observed_before(data) ** -2 if uno else np.ones(data.n)
        if until is not None:
            counting = np.where(data.times[data.exit] > until, 0.0, counting)
    return concordance(data, numbers(score, "Scores", data.n), layers, event_weights=counting)


def observed_until(data: SurvivalData) -> Floats:
    """Probability of being uncensored until and including each distinct time, shape (k,).

    Kaplan-Meier of censoring; who is censored at an event's time was at risk of the event, and at
    risk of censoring are only those who had no event then.
    """
    m = len(data.times)
    events = np.bincount(data.exit[data.event], minlength=m)
    censored = np.bincount(data.exit[~data.event], minlength=m)
    at_risk = np.cumsum((events + censored)[::-1])[::-1] - events
    return np.asarray(np.cumprod(1 - censored / np.maximum(at_risk, 1)), dtype=np.float64)


def observed_before(data: SurvivalData) -> Floats:
    """Probability of being uncensored until just before each patient's own end, shape (n,)."""
    return np.concatenate([[1.0], observed_until(data)[:-1]])[data.exit]


def concordance(
    data: SurvivalData,
    score: Floats,
    strata: Groups | None = None,
    conf_level: float = 0.95,
    event_weights: Floats | None = None,
) -> Estimate:
    """:func:`concordance_index` of checked data; ``event_weights`` has one weight a patient."""
    k = 2 * len(data.times)
    layer = np.zeros(data.n, dtype=np.int64) if strata is None else strata.codes
    code = _tied_codes(score)
    top = int(code.max()) + 1
    # Twice the time, plus one if censored: who is censored at an event's time outlived it.
    leaving = layer * k + 2 * data.exit + ~data.event
    died = np.flatnonzero(data.event)
    own_key, end_key = leaving[died], (layer[died] + 1) * k

    rivals = _Counter(leaving, code, top)
    lower, equal, total = rivals.compare(own_key, end_key, code[died])
    entering = None
    if data.entry is not None:
        entering = layer * k + 2 * data.entry
        late = _Counter(entering, code, top)
        extra = late.compare(own_key - 1, end_key, code[died])
        lower, equal, total = lower - extra[0], equal - extra[1], total - extra[2]
    weight = np.ones(len(died)) if event_weights is None else event_weights[died]
    pairs = float(weight @ total)
    if pairs == 0:
        note = "No two patients can be compared: concordance needs an event with others at risk."
        return Estimate(float("nan"), float("nan"), conf_level, note)
    favourable = lower + equal / 2
    value = float(weight @ favourable) / pairs

    # Each patient's part: as the one with the event, and as the one who outlived it.
    part = np.zeros(data.n)
    part[died] = weight * (favourable - value * total)
    events = _Counter(own_key, code[died], top, None if event_weights is None else weight)
    begin = layer * k - 1 if entering is None else entering
    before, same, count = events.compare(begin, leaving, code)
    part += (count - before - same / 2) - value * count
    error = float(np.sqrt(np.sum(part**2))) / pairs
    return Estimate(value, error, conf_level, bounds=(0.0, 1.0))


def _tied_codes(score: Floats) -> Ints:
    """Rank of each score; those that differ from the next by rounding only are tied.

    Rounding error is relative to the size of neighbouring scores and of what they were summed from,
    for which the middle of the scores stands: one absurd score must not tie all others.
    """
    order = np.argsort(score, kind="stable")
    ordered = score[order]
    some = np.abs(ordered[ordered != 0])
    size = np.maximum(np.abs(ordered[1:]), np.median(some) if len(some) else 0.0)
    codes = np.empty(len(score), dtype=np.int64)
    codes[order] = np.cumsum(np.concatenate([[0], np.diff(ordered) > ROUNDING * size]))
    return codes


class _Counter:
    """Counts codes below a threshold within ranges of keys (a wavelet matrix).

    Parameters
    ----------
    keys
        Position of each item on a line, shape (n,).
    codes
        Non-negative code of each item, shape (n,).
    top
        Largest threshold that will be asked for.
    weights
        What each item counts, shape (n,); one each if None.
    """

    def __init__(self, keys: Ints, codes: Ints, top: int, weights: Floats | None = None) -> None:
        order = np.argsort(keys, kind="stable")
        self.keys = keys[order]
        values = codes[order]
        own = None if weights is None else weights[order]
        self.all = None if own is None else np.concatenate([[0.0], np.cumsum(own)])
        self.bits = top.bit_length()
        self.levels = []
        for bit in reversed(range(self.bits)):
            ones = (values >> bit) & 1 == 1
            zeros = np.concatenate([[0], np.cumsum(~ones)])
            counted = zeros if own is None else np.concatenate([[0.0], np.cumsum(own * ~ones)])
            self.levels.append((zeros, counted))
            values = np.concatenate([values[~ones], values[ones]])
            own = None if own is None else np.concatenate([own[~ones], own[ones]])

    def compare(self, after: Ints, until: Ints, code: Ints) -> tuple[Any, Any, Any]:
        """Items with after < key < until: what those with a lower code count, the same, and any."""
        start = np.searchsorted(self.keys, after, side="right")
        stop = np.maximum(start, np.searchsorted(self.keys, until, side="left"))
        lower = self._below(start, stop, code)
        total = stop - start if self.all is None else self.all[stop] - self.all[start]
        return lower, self._below(start, stop, code + 1) - lower, total

    def _below(self, start: Ints, stop: Ints, code: Ints) -> Any:
        count = np.zeros(len(start), dtype=np.int64 if self.all is None else np.float64)
        for bit, (zeros, counted) in zip(reversed(range(self.bits)), self.levels, strict=True):
            one = (code >> bit) & 1 == 1
            left, right = zeros[start], zeros[stop]
            count += np.where(one, counted[stop] - counted[start], 0)
            start = np.where(one, zeros[-1] + start - left, left)
            stop = np.where(one, zeros[-1] + stop - right, right)
        return count
