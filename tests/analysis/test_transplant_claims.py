"""What an emulated trial may claim: verdicts, tests over classes, support, and single patients."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from app.analysis.transplant import (
    EVERYONE,
    HIGHER,
    LOWER,
    EmulationSettings,
    Interval,
    Strategy,
    band,
    emulate,
    interval,
    kinds_of,
    trial_data,
    without_confounders,
    without_kinds,
)
from app.analysis.transplant._claims.horizon import effective_numbers, freedoms, supported_until
from app.analysis.transplant._claims.intervals import (
    apart,
    band_of_less_lost,
    class_tests,
    less_lost,
    of_both,
)
from app.analysis.transplant._support import (
    FEWEST_DEATHS,
    death_weights,
    deaths_behind,
    effective_by,
)
from app.analysis.transplant._trial import Caps

ARMS = (Strategy("within", 12.0), Strategy("never"))
CLASSES = ("a", "b", "c", "d")


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(2)
    n = 900
    risk, age = rng.integers(0, 4, n), rng.normal(60, 8, n)
    death = rng.exponential(1 / np.array([0.01, 0.015, 0.03, 0.05])[risk])
    wait = rng.exponential(1 / np.array([0.0005, 0.01, 0.02, 0.03])[risk])
    # Nobody from 70 on is transplanted.
    wait = np.where(age < 70, wait, np.inf)
    end = rng.uniform(12, 120, n)
    time = np.minimum(death, end)
    return trial_data(
        time,
        death <= end,
        np.where(wait < time, wait, np.nan),
        pd.DataFrame({"age": age}),
        groups=pd.Categorical.from_codes(risk, list(CLASSES), ordered=True),
    )


@pytest.fixture(scope="module")
def kinds(data):
    return kinds_of(data, ARMS[0], data.confounders["age"].to_numpy(), grace=12.0)


@pytest.fixture(scope="module")
def found(data, kinds):
    settings = EmulationSettings(96.0, draws=30, higher=("c", "d"), effective=20.0)
    return emulate(without_kinds(data, kinds), ARMS, settings)


def test_an_interval_is_students_and_a_verdict_never_hangs_on_the_draws():
    drawn = np.random.default_rng(0).normal(3.0, 1.0, 1_000)
    own = interval(3.0, drawn, 0.95, 21.0)
    half = stats.t.ppf(0.975, 20) * drawn.std(ddof=1)
    assert (own.lower, own.upper) == pytest.approx((3 - half, 3 + half))
    assert own.error == pytest.approx(half / np.sqrt(2_000))
    assert own.verdict == "longer"
    wide = interval(3.0, drawn, 0.95, 21.0, several=5)
    assert wide.upper - 3 == pytest.approx(
        stats.t.ppf(0.5 + 0.95 ** (1 / 5) / 2, 20) * drawn.std(ddof=1)
    )
    told = {(0.1, 4.0): "border", (-0.1, 4.0): "border", (-1.0, 4.0): "open", (1.0, 4.0): "longer",
            (-4.0, -1.0): "shorter", (-4.0, 0.1): "border"}  # fmt: skip
    assert all(Interval(*pair, 0.1).verdict == verdict for pair, verdict in told.items())
    assert interval(3.0, drawn[:0], 0.95, 21.0).verdict == "unknown"


def test_tests_over_classes_reject_at_their_level_and_find_a_trend():
    rng = np.random.default_rng(1)
    error, effective = np.array([3.0, 2.0, 1.5, 2.0]), np.full(4, 25.0)
    ranks = np.arange(4.0)
    null, slope = [], []
    for _ in range(400):
        drawn = rng.normal(0, error, (200, 4))
        for gains, into in ((rng.normal(0, error), null), (rng.normal(4 * ranks, error), slope)):
            tests = class_tests(gains, drawn, ranks, effective)
            into.append((tests.p_trend < 0.05, tests.p_heterogeneity < 0.05))
    assert np.mean(null, axis=0) == pytest.approx([0.05, 0.05], abs=0.03)
    assert np.mean(slope, axis=0).min() > 0.8
    assert np.isnan(class_tests(np.zeros(2), np.zeros((9, 2)), ranks[:2], effective[:2]).p_trend)


def test_a_band_holds_at_all_times_together():
    rng = np.random.default_rng(3)
    held = []
    for _ in range(200):
        walk = rng.normal(size=(301, 20)).cumsum(axis=1)
        lower, upper = band(walk[0], walk[1:], 0.95)
        held.append(bool(((lower <= 0) & (upper >= 0)).all()))
    assert np.mean(held) == pytest.approx(0.95, abs=0.05)


def test_a_band_of_few_patients_holds_too_since_it_is_widened_by_the_tail_of_its_own_quantile():
    rng = np.random.default_rng(4)
    held = {np.inf: 0.0, 12.0: 0.0}
    for _ in range(300):
        # The mean walk of twelve patients, and of twelve drawn from them with replacement.
        walks = rng.normal(size=(12, 20)).cumsum(axis=1)
        drawn = np.stack([walks[rng.integers(0, 12, 12)].mean(axis=0) for _ in range(150)])
        for effective in held:
            lower, upper = band(walks.mean(axis=0), drawn, 0.95, effective)
            held[effective] += bool(((lower <= 0) & (upper >= 0)).all()) / 300
    assert held[12.0] == pytest.approx(0.95, abs=0.03)
    assert held[np.inf] < 0.9
    drawn = rng.normal(size=(999, 3))
    width = np.diff(band(np.zeros(3), drawn, 0.95, np.array([np.inf, 10.0, 5.0])), axis=0)[0]
    width /= 2 * drawn.std(axis=0, ddof=1)
    wide = stats.t.isf(stats.norm.sf(width[0]), [9.0, 4.0])
    assert width[1:] == pytest.approx(wide)


def test_a_gain_has_limits_from_what_is_lost_under_each_strategy():
    rng = np.random.default_rng(5)
    lost = np.array([2.0, 3.0])
    drawn = lost * np.exp(rng.normal(0, [0.4, 0.05], (4_000, 2)))
    many = np.full(2, 1e9)
    own = less_lost(lost, drawn, 0.95, many)
    # Little lost is uncertain towards more of it: the gain may well be none.
    assert 1.0 - own.lower > 1.4 * (own.upper - 1.0)
    assert own.upper - 1.0 == pytest.approx(
        np.hypot(2 * (1 - np.exp(-1.96 * 0.4)), 3 * (np.exp(1.96 * 0.05) - 1)), rel=0.05
    )
    # Where the draws vary little it is the ordinary interval, also of losses that go together.
    near = lost + rng.multivariate_normal([0, 0], [[1e-4, 8e-5], [8e-5, 1e-4]], 4_000)
    plain = interval(1.0, near[:, 1] - near[:, 0], 0.95, 1e9)
    own = less_lost(lost, near, 0.95, many)
    assert (own.lower, own.upper) == pytest.approx((plain.lower, plain.upper), abs=5e-4)
    lower, upper = band_of_less_lost(lost[:, None], near[..., None], 0.95, many[:, None])
    assert (lower[0], upper[0]) == pytest.approx((plain.lower, plain.upper), abs=1e-3)
    twice = apart(1.0, plain, 1.0, plain)
    assert twice.upper == pytest.approx((plain.upper - plain.lower) / np.sqrt(2))
    assert less_lost(lost, drawn[:1], 0.95, many).verdict == "unknown"
    # Welch: the uncertain side decides; two alike have as many as both.
    assert of_both(np.array([8.0, 90.0]), drawn) == pytest.approx(8.0, abs=1.5)
    alike = np.column_stack([near[:, 0], near[:, 0]])
    assert of_both(np.array([8.0, 8.0]), alike) == pytest.approx(16.0)


def test_draws_of_few_patients_hold_what_an_interval_of_their_mean_must():
    rng = np.random.default_rng(6)
    held = 0.0
    for _ in range(1_000):
        own = rng.normal(size=8)
        drawn = own[rng.integers(0, 8, (200, 8))].mean(axis=1)
        found = interval(own.mean(), drawn, 0.95, 8.0, resampled=True)
        held += (found.lower <= 0 <= found.upper) / 1_000
    assert held == pytest.approx(0.95, abs=0.02)


def test_kinds_whom_nobody_followed_are_left_out_and_counted_once(data, kinds):
    kept = without_kinds(data, kinds)
    assert kept.names == ("b", "c", "d")
    assert kept.confounders["age"].max() < 70
    assert kept.left_out[kinds.words] == kinds.left_out == data.n - kept.n
    assert kinds.left_out == kinds.table.loc[~kinds.table["supported"], "n"].sum()
    assert (kept.reason >= 0).sum() == kinds.left_out
    nobody = kinds_of(data, Strategy("delayed", 500.0), None, grace=6.0)
    assert nobody.inside.all(), "where no kind can be compared, the refusal is the trial's"


def test_the_horizon_is_the_last_month_with_twenty_effective_patients(found):
    horizon, rows = found.settings.horizon, found.contrasts.set_index("group")
    assert horizon < 96
    assert rows.loc[EVERYONE, "effective"] >= 20
    own = found.horizons[found.horizons["group"] == EVERYONE].set_index("horizon")
    assert (own.loc[own.index > horizon, "effective"] < 20).all()
    assert own.loc[own.index <= horizon, "supported"].all()
    thin = rows[~rows["supported"]]
    assert (thin["effective"] < 20).any()
    assert thin["rmst_difference"].isna().all()
    # Halves are the sums of their classes.
    assert found.members(LOWER).sum() + found.members(HIGHER).sum() == found.n
    assert found.halves == (LOWER, HIGHER)
    contrast = found.tests.set_index("test").loc["contrast"]
    if contrast["supported"]:
        drawn = found.draws[:, 2, 0] - found.draws[:, 2, 1] - found.draws[:, 1, 0]
        assert contrast["upper"] > contrast["value"] > contrast["lower"]
        assert np.isfinite(drawn).all()


def test_ten_deaths_after_a_transplant_are_behind_every_estimate_and_band(found):
    trial = found.trial
    for row in found.horizons[found.horizons["supported"]].to_dict("records"):
        behind = deaths_behind(trial, trial.arms[0], found.members(row["group"]), row["horizon"])
        assert behind >= FEWEST_DEATHS
    own = found.differences[found.differences["group"] == EVERYONE]
    everyone = found.members(EVERYONE)
    died = death_weights(trial, found.drawn, Caps(), trial.arms[0], everyone)
    numbers = effective_by(*died, own["time"].to_numpy())
    assert list(own["lower"].notna()) == list(numbers >= FEWEST_DEATHS)
    assert own["lower"].isna().any()
    assert own["lower"].notna().any()


def test_few_deaths_with_unlike_weights_say_as_much_as_fewer_and_widen_the_band(found):
    trial, arm, everyone = found.trial, found.trial.arms[0], found.members(EVERYONE)
    times, caps = np.array([0.0, 12.0, 20.0, 30.0]), Caps()
    died_at, weighed = death_weights(trial, found.drawn, caps, arm, everyone)
    numbers = effective_by(died_at, weighed, times)
    counts = [deaths_behind(trial, arm, everyone, at) for at in times]
    assert numbers[0] == 0
    assert (numbers <= np.array(counts) + 1e-9).all()
    data = trial.data
    died = arm.adherent & data.event & (data.time <= 20)
    weights = trial.transplanted(arm, found.drawn, trial.asked(arm, found.drawn)[1])
    weights = (weights * found.drawn.staying[np.arange(data.n), trial.model.cells.of(data.time)])[
        died
    ]
    assert numbers[2] == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    never = death_weights(trial, found.drawn, caps, trial.arms[1], everyone)
    assert (effective_by(*never, times) >= numbers).all()


def test_a_standard_error_rests_on_fewer_than_its_estimate(found):
    members = found.layout.groups.members
    sums = found.trial.sums(found.drawn, Caps(), np.ones(found.n), squares=True)
    numbers, freedom = effective_numbers(sums, members), freedoms(sums, members)
    assert (freedom <= numbers + 1e-9).all()
    assert (freedom[numbers > 0] >= 1 - 1e-9).all()
    assert freedom[0, 0, -1] < 0.8 * numbers[0, 0, -1]


def test_the_horizon_ends_before_the_first_time_below_twenty(found):
    trial = found.trial
    last = len(trial.deaths) - 1
    numbers = np.full((1, 2, last + 1), 30.0)
    assert supported_until(trial, numbers, 20.0) == trial.horizon
    # Too few at the horizon itself: the month before, and so on down to the end of the window.
    numbers[0, 1, last] = 19.9
    assert supported_until(trial, numbers, 20.0) == trial.horizon - 1
    numbers[:] = 19.9
    assert supported_until(trial, numbers, 20.0) == 12.0


def test_the_estimate_without_the_heaviest_patient_is_told(data, kinds, found):
    row = found.influence.iloc[0]
    kept = without_kinds(data, kinds)
    settings = EmulationSettings(found.settings.horizon, draws=0)
    whole = emulate(kept, ARMS, settings).contrasts["rmst_difference"].iloc[0]
    assert row["rmst_difference"] == pytest.approx(whole)
    assert abs(row["without"] - whole) > 0
    assert 0 < row["share"] < 1
    assert not {"patient", "row", "time"} & set(found.influence.columns)
    error = (found.draws[:, 0, 0] - found.draws[:, 0, 1]).std(ddof=1)
    part = abs(row["without"] - whole) > max(0.25 * abs(whole), 0.75 * error)
    assert row["warned"] == (part or row["changes"])


def test_a_confounder_is_taken_out_with_all_its_terms(data):
    less = without_confounders(data, {"age"})
    assert not any("age" in term for term in less.terms)
    assert less.x.shape == (data.n, len(less.terms))
    assert "class: b" in less.terms
    assert without_confounders(data).x.shape == (data.n, 0)
