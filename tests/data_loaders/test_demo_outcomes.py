"""The closed forms behind the simulated times, against integration and counting."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from data_loaders.demo.outcomes import (
    Clock,
    DeathProcess,
    TreatmentFactors,
    calibrated_clock,
    calibrated_event_rate,
    event_incidence,
    follow_up,
    intermediate_event,
    median_survival,
    observed,
    recorded,
    survival_under_treatment,
    under_treatment,
)
from data_loaders.demo.simulate import (
    FeatureSpec,
    bounded_normal,
    conditional_probabilities,
    draw_features,
    require_any,
    spread,
    thinned,
)
from data_loaders.demo.sources import GRINFELD_2018

N = 200_000


def generator() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(11))


def full(value: float, n: int = N) -> np.ndarray:
    return np.full(n, float(value))


@given(p=st.floats(0.001, 0.9), parent=st.floats(0.001, 0.99), odds_ratio=st.floats(0.02, 80))
def test_two_by_two_table_has_the_margins_and_the_odds_ratio(p, parent, odds_ratio):
    with_parent, without = conditional_probabilities(p, parent, odds_ratio)
    assert 0 <= with_parent <= 1
    assert 0 <= without <= 1
    assert math.isclose(with_parent * parent + without * (1 - parent), p, rel_tol=1e-6)
    odds = with_parent / (1 - with_parent) / (without / (1 - without))
    assert math.isclose(odds, odds_ratio, rel_tol=1e-4)


def test_a_feature_that_needs_its_parent():
    assert conditional_probabilities(0.1, 0.4, math.inf) == (0.25, 0.0)
    with pytest.raises(ValueError, match="more frequent"):
        conditional_probabilities(0.5, 0.4, math.inf)


def test_background_fills_up_to_the_overall_frequency():
    shares = {"a": 0.5, "b": 0.3, "silent": 0.2}
    frequency = spread(0.3, shares, {"a": 0.3}, ["silent"])
    assert sum(shares[name] * p for name, p in frequency.items()) == pytest.approx(0.3)
    assert "silent" not in frequency
    with pytest.raises(ValueError, match="exceed"):
        spread(0.1, shares, {"a": 0.3})


def test_requirement_keeps_the_frequencies():
    required = {"x": ("a", "b")}
    rng = generator()
    stratum = np.full(N, "x")
    specs = [FeatureSpec(name, {"x": p}, GRINFELD_2018) for name, p in (("a", 0.7), ("b", 0.6))]
    altered = draw_features(rng, stratum, thinned(specs, required), {})
    require_any(rng, stratum, altered, specs, required)
    assert (altered["a"] | altered["b"]).all()
    assert altered["a"].mean() == pytest.approx(0.7, abs=0.004)
    assert altered["b"].mean() == pytest.approx(0.6, abs=0.004)
    few = [FeatureSpec(name, {"x": p}, GRINFELD_2018) for name, p in (("a", 0.4), ("b", 0.2))]
    with pytest.raises(ValueError, match="less than one"):
        thinned(few, required)


def test_bounded_normal_stays_within_its_bounds_without_heaps():
    values = bounded_normal(generator(), 0.0, 1.0, (-1.0, 0.5), N)
    assert -1 <= values.min() < -0.999
    assert 0.499 < values.max() <= 0.5
    assert len(np.unique(values)) > 0.99 * N


@pytest.mark.parametrize(("death", "event", "after"), [(1.0, 0.3, 5.0), (0.5, 0.5, 2.0)])
def test_event_incidence_solves_the_illness_death_equations(death, event, after):
    def change(u, state):
        free, with_event = state
        survival = math.exp(-death * u)
        before = (death * survival - after * with_event) / free
        return [-(event + before) * free, event * free - after * with_event]

    grid = np.array([0.3, 1.0, 2.5])
    solved = solve_ivp(change, (0, 2.5), [1.0, 0.0], rtol=1e-10, atol=1e-12, dense_output=True)
    fine = np.linspace(0, 2.5, 20_001)
    cumulative = np.concatenate([[0], np.cumsum(event * solved.sol(fine)[0])[:-1]]) * (2.5 / 20_000)
    closed = event_incidence(grid, full(death, 3), full(event, 3), full(after, 3))
    assert np.allclose(closed, np.interp(grid, fine, cumulative), atol=2e-4)
    # Whoever is alive is in one of the two states.
    assert np.allclose(solved.sol(grid).sum(axis=0), np.exp(-death * grid), atol=1e-8)


@pytest.mark.parametrize(("death", "event", "after"), [(1.0, 0.4, 6.0), (0.2, 0.02, 9.0)])
def test_crude_hazards_of_event_and_of_death_after_it_are_the_rates(death, event, after):
    rng = generator()
    death_at = rng.exponential(1.0, N) / death
    happens = intermediate_event(rng, death_at, full(death), full(event), full(after))
    assert (happens[np.isfinite(happens)] <= death_at[np.isfinite(happens)]).all()
    first = np.minimum(happens, death_at)
    edges = np.array([0.0, 0.2, 0.6, 1.5]) / death
    for low, high in pairwise(edges):
        at_risk = (np.clip(first, low, high) - low).sum()
        events = ((happens > low) & (happens <= high)).sum()
        assert events / at_risk == pytest.approx(event, abs=4 * math.sqrt(event / at_risk))
        had = np.isfinite(happens)
        spent = (np.clip(death_at, low, high) - np.clip(happens, low, high))[had].sum()
        deaths = (had & (death_at > low) & (death_at <= high)).sum()
        assert deaths / spent == pytest.approx(after, abs=4 * math.sqrt(after / spent))


def test_an_event_as_frequent_as_death_precedes_every_late_death():
    rng = generator()
    late = full(50.0)
    happens = intermediate_event(rng, late, full(1), full(1), full(4))
    assert np.isfinite(happens).all()


def test_calibration_reaches_median_and_incidence():
    rng = generator()
    rate = np.exp(rng.normal(0, 1, 5_000))
    stratum = np.where(rng.random(5_000) < 0.3, "a", "b")
    clock = calibrated_clock(rate, stratum, {"a": 40.0, "b": 120.0}, {"a": 1.2, "b": 0.8})
    for name, median in (("a", 40.0), ("b", 120.0)):
        here = stratum == name
        assert median_survival(rate[here], clock.of(here)) == pytest.approx(median, rel=1e-6)
    after = 8.0 * rate
    elapsed = clock.elapsed(full(60, 5_000))
    event = calibrated_event_rate(np.exp(rng.normal(0, 0.5, 5_000)), rate, after, elapsed, 0.15)
    assert event_incidence(elapsed, rate, event, after).mean() == pytest.approx(0.15, abs=1e-6)
    assert (event <= rate).all()


def test_an_incidence_out_of_reach_gives_the_most_there_can_be():
    rate = full(1.0, 10)
    event = calibrated_event_rate(full(1, 10), rate, 3 * rate, full(0.1, 10), 0.9)
    assert np.allclose(event, rate)


def test_survival_after_an_event_has_the_wanted_median():
    clock = Clock(full(100), full(1.0))
    process = DeathProcess(clock, full(0.7), full(1.0))
    after = process.rate_after(full(80), 5.0)
    assert np.exp(-after[0] * 5 / 100) == pytest.approx(0.5)
    assert (process.rate_after(full(80), 1e6) >= 1.5 * 0.7).all()


def test_treatment_changes_the_hazard_from_its_start_on():
    rng = generator()
    clock = Clock(full(60), full(1.3))
    death_at = rng.exponential(1.0, N)
    start = rng.uniform(2, 40, N)
    factors = TreatmentFactors(full(3.0), full(0.4), 6.0)
    died = under_treatment(death_at, clock, start, factors)
    untreated = clock.months(death_at)
    assert np.array_equal(died[untreated <= start], untreated[untreated <= start])
    for low, high, factor in ((0.0, 6.0, 3.0), (6.0, 25.0, 0.4), (25.0, 60.0, 0.4)):
        entered = np.minimum(died, start + low)
        left = np.minimum(died, start + high)
        expected = (clock.elapsed(left) - clock.elapsed(entered)).sum()
        deaths = ((died > start + low) & (died <= start + high)).sum()
        assert deaths / expected == pytest.approx(factor, abs=4 * math.sqrt(factor / expected))


def test_no_treatment_changes_nothing():
    clock = Clock(full(60, 100), full(0.7, 100))
    death_at = generator().exponential(1.0, 100)
    factors = TreatmentFactors(full(3, 100), full(0.4, 100), 6.0)
    never = under_treatment(death_at, clock, full(np.inf, 100), factors)
    assert np.array_equal(never, clock.months(death_at))


@pytest.mark.parametrize("start", [0.0, 6.0, np.inf])
def test_potential_outcome_curve_equals_counting(start):
    rng = generator()
    rate = np.exp(rng.normal(0, 0.7, N))
    clock = Clock(full(50), full(1.1))
    factors = TreatmentFactors(full(2.5), full(0.5), 6.0)
    died = under_treatment(rng.exponential(1.0, N) / rate, clock, full(start), factors)
    months = np.array([3.0, 8.0, 30.0, 96.0])
    curve = survival_under_treatment(months, rate, clock, start, factors)
    assert np.allclose(curve, [(died > month).mean() for month in months], atol=0.005)


def test_what_a_register_sees():
    event = np.array([5.0, np.inf, 30.0, 5.0])
    death = np.array([9.0, 9.0, 50.0, 9.0])
    end = np.array([20.0, 20.0, 20.0, 4.0])
    time, happened, competing = observed(event, death, end)
    assert np.allclose(time, [5, 9, 20, 4], atol=1 / 30)
    assert happened.tolist() == [1, 0, 0, 0]
    assert competing.tolist() == [0, 1, 0, 0]
    assert recorded(np.array([0.0])) > 0


def test_follow_up_is_staggered_with_losses():
    end, closing = follow_up(generator(), N, shortest=12, longest=120, lost_per_year=0.1)
    assert (end <= closing).all()
    assert closing.min() >= 12
    assert closing.max() <= 120
    assert 0.2 < (end < closing).mean() < 0.6
