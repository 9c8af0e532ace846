"""States over time and life-years by delay, against exact special cases and planted hazards."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysis.competing_risks import cumulative_incidence
from app.analysis.progress import Cancelled
from app.analysis.regression import cox
from app.analysis.transplant import (
    NEVER,
    MicrosimulationSettings,
    Paths,
    microsimulate,
    occupancy,
    paths_of,
    transition_models,
    trial_data,
)
from app.analysis.transplant._states.paths import DEAD, TRANSPLANTED, UNTREATED, aalen_johansen

HORIZON = 60.0
SMALL = MicrosimulationSettings(
    horizon=HORIZON,
    delays=(0.0, 6.0, 12.0, 24.0, 36.0),
    virtual=4000,
    virtual_per_draw=300,
    draws=40,
)
# Monthly hazards by class: of AML and death without a transplant, of death after one (at first, and
# once six months have passed); after AML of death. Transplanted patients have no AML here.
HAZARDS = {"low": (0.004, 0.006, 0.045, 0.008), "high": (0.03, 0.035, 0.045, 0.008)}
AFTER_AML, EARLY, WAITING = 0.15, 6.0, {"low": 0.015, "high": 0.05}


def after_transplant(luck, early, late):
    return np.where(luck < early * EARLY, luck / early, EARLY + (luck - early * EARLY) / late)


def walk(rng, group, n, delay=None):
    """Times of transplant, AML and death; the transplant at the delay, or when it comes."""
    aml_rate, death_rate, early, late = HAZARDS[group]
    aml, death = rng.exponential(1 / aml_rate, n), rng.exponential(1 / death_rate, n)
    given = rng.exponential(1 / WAITING[group], n) if delay is None else np.full(n, delay)
    leaves = np.minimum(aml, death)
    untreated = np.where(aml < death, aml + rng.exponential(1 / AFTER_AML, n), death)
    done = given < leaves
    life = np.where(done, given + after_transplant(rng.exponential(1, n), early, late), untreated)
    aml = np.where(~done & (aml < death), aml, np.nan)
    return np.where(done, given, np.nan), aml, life


def planted(n, seed):
    rng = np.random.default_rng(seed)
    parts = []
    for group in HAZARDS:
        treated, aml, life = walk(rng, group, n)
        end = rng.uniform(30, 100, n)
        time = np.minimum(life, end)
        parts.append(
            pd.DataFrame(
                {
                    "group": group,
                    "time": time,
                    "event": (life <= end).astype(int),
                    "treated": np.where(treated < time, treated, np.nan),
                    "aml": np.where(aml < time, aml, np.nan),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def prepared(frame, **more):
    nothing = pd.DataFrame(index=range(len(frame)))
    return trial_data(
        frame["time"],
        frame["event"],
        frame["treated"],
        nothing,
        groups=pd.Categorical(frame["group"], categories=["low", "high"], ordered=True),
        onsets={"AML": frame["aml"]},
        **more,
    )


def true_life(group, delay):
    life = walk(np.random.default_rng(5), group, 200_000, delay)[2]
    return float(np.minimum(life, HORIZON).mean())


@pytest.fixture(scope="module")
def data():
    return prepared(planted(400, 1))


def state_at(data, t):
    """Waiting, transplanted, with AML, AML after a transplant, transplanted after AML."""
    aml = data.onsets["AML"]
    given, came = data.treated <= t, (aml <= t) & (aml < data.time)
    # Both on one day: the transplant came first; both by time zero: the AML did.
    first = (aml < data.treated) | ((aml == data.treated) & (aml <= 0))
    return np.where(given & came, np.where(first, 4, 3), given + 2 * came)


def test_occupancy_sums_to_one_with_delayed_entry_and_ties():
    frame = planted(150, 2)
    frame[["time", "treated", "aml"]] = np.ceil(frame[["time", "treated", "aml"]])
    frame["entry"] = np.where(np.arange(300) % 4 == 0, 2.0, -np.inf)
    paths = paths_of(prepared(frame, entry=frame["entry"]), "AML")
    table = occupancy(paths, np.linspace(0, 60, 13)).table
    assert table.groupby("time")["probability"].sum().to_numpy() == pytest.approx(1.0)
    assert table["probability"].between(-1e-12, 1 + 1e-12).all()


def test_occupancy_without_censoring_is_the_share_seen():
    frame = planted(200, 3).assign(event=1)
    data = prepared(frame)
    at = np.array([3.0, 12.0, 30.0])
    found = aalen_johansen(paths_of(data, "AML"), at)
    for row, t in zip(found, at, strict=True):
        dead = data.time <= t
        state = state_at(data, t)
        seen = [*(np.mean(~dead & (state == s)) for s in range(5)), dead.mean()]
        assert row == pytest.approx(seen, abs=1e-12)


def test_occupancy_is_cumulative_incidence_where_risks_compete():
    rng = np.random.default_rng(4)
    time, cause = np.ceil(rng.exponential(10, 200)), rng.integers(0, 3, 200)
    zeros = np.zeros(200, dtype=np.int64)
    entry = np.where(rng.random(200) < 0.3, time * 0.5, -np.inf)
    target = np.where(cause > 0, cause, -1)
    paths = Paths(("free", "a", "b"), np.arange(200), zeros, target, entry, time, zeros)
    at = np.array([1.0, 5.0, 15.0])
    known = cumulative_incidence(time, cause, np.maximum(entry, 0.0)).at(at)
    found = aalen_johansen(paths, at)
    for number in (1, 2):
        expected = known.loc[known["cause"] == number, "incidence"].to_numpy()
        assert found[:, number] == pytest.approx(expected, abs=1e-12)


def test_transitions_are_counted_once(data):
    paths = paths_of(data, "AML")
    counts = paths.counts.set_index(["origin", "target"])["n"]
    treated = np.isfinite(data.treated)
    assert counts["Alive, no transplant", "Alive after transplant"] == treated.sum()
    assert counts.xs("Dead", level="target").sum() == data.event.sum()
    assert paths_of(data).states == ("Alive, no transplant", "Alive after transplant", "Dead")


def test_transition_model_is_a_cox_model_on_its_clock(data):
    models = transition_models(data, "AML")
    after = np.isfinite(data.treated)
    frame = pd.DataFrame(
        {
            "t": (data.time - data.treated)[after],
            "e": data.event[after].astype(int),
            "high": data.x[after, 0],
            "wait": data.treated[after],
        }
    )
    frame["wait"] = (frame["wait"] - frame["wait"].mean()) / frame["wait"].std(ddof=0)
    expected = cox(frame, "t", "e", ["high", "wait"]).summary["coef"].to_numpy()
    fitted = models.models[TRANSPLANTED, DEAD].fitted.beta
    # The ridge of one moves coefficients by a hundredth where there are a hundred deaths.
    assert fitted == pytest.approx(expected, abs=0.02)
    before = models.models[UNTREATED, DEAD]
    ratio = np.exp(before.fitted.beta[0] / np.std(data.groups))
    assert ratio == pytest.approx(0.035 / 0.006, rel=0.4)
    clocks = models.summary.set_index("transition")["clock"]
    assert clocks["Alive, no transplant → Dead"] == "since time zero"
    assert set(clocks["Alive after transplant → Dead"]) == {"since entry to the state"}


def test_life_years_by_delay_are_the_planted_ones():
    truth = {g: [true_life(g, d) for d in (*SMALL.delays, NEVER)] for g in HAZARDS}
    errors, inside = {group: [] for group in HAZARDS}, []
    for seed in range(8):
        result = microsimulate(transition_models(prepared(planted(400, 20 + seed)), "AML"), SMALL)
        for group, expected in truth.items():
            cells = result.cells[result.cells["group"] == group]
            errors[group].append(cells["life"].to_numpy() - expected)
            inside.append((cells["lower"] <= expected) & (expected <= cells["upper"]))
    for found in errors.values():
        bias, noise = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(8)
        assert (np.abs(bias) < 3 * noise + 0.3).all()
    assert np.mean(inside) > 0.85
    # Lower risk lives longest without a transplant, higher risk with one at once.
    assert np.argmax(truth["low"]) == len(SMALL.delays)
    told = result.differences.query("against == @NEVER").set_index("group")
    assert told["delay"].tolist() == [0.0, 0.0]
    assert told.loc["low", "difference"] < 0 < told.loc["high", "difference"]
    assert told.loc["high", "verdict"] == "longer"


def test_microsimulation_repeats_itself_and_says_what_it_rests_on(data):
    models = transition_models(data, "AML")
    one, two = microsimulate(models, SMALL), microsimulate(models, SMALL)
    pd.testing.assert_frame_equal(one.cells, two.cells)
    strict = MicrosimulationSettings(
        horizon=HORIZON, delays=(0.0, 50.0), virtual=200, draws=0, min_patients=15
    )
    cells = microsimulate(models, strict).cells
    late = cells.query("group == 'high' and delay == 50")
    near = (np.abs(data.treated - 50) <= strict.near) & (data.groups == 1)
    assert late["n_near"].item() == near.sum() < 15
    assert not late["supported"].item()
    assert "extrapolated" in late["note"].item()
    assert cells.query("delay == 0")["transplanted"].to_numpy() == pytest.approx(1.0)
    assert cells["lower"].isna().all()
    assert any("clock-reset" in note for note in one.notes)
    # The method tells each interval by what it is.
    assert "of life their percentiles, of gains, which hold together," in one.method
    percentiles = np.quantile(one.draws, [0.025, 0.975], axis=0, method="weibull")
    limits = one.cells[["lower", "upper"]].to_numpy().T
    assert limits == pytest.approx(percentiles.reshape(2, -1))
    gains = one.cells.query("supported and delay != @NEVER")
    assert gains[["gain_lower", "gain_upper"]].mean(axis=1).to_numpy() == pytest.approx(
        gains["gain"].to_numpy()
    )


def test_what_lies_beyond_the_follow_up_is_as_uncertain_as_what_was_followed(data):
    model = transition_models(data).models[UNTREATED, DEAD]
    rng = np.random.default_rng(0)
    beyond, followed = [], []
    for _ in range(40):
        _, times, total = model.draw(rng)
        beyond.append((total[-1] - total[-2]) / (times[-1] - times[-2]))
        third = np.interp(model.read_until * 2 / 3, times[:-1], total[:-1])
        followed.append((total[-2] - third) / (model.read_until / 3))
    # The rate goes on at that of the same draw's last third, up to half a jump at its edge.
    assert np.mean(beyond) == pytest.approx(np.mean(followed), rel=0.1)
    assert np.corrcoef(beyond, followed)[0, 1] > 0.9


def test_what_cannot_be_modelled_gets_a_sentence(data):
    frame = planted(60, 6)
    with pytest.raises(ValueError, match="Nobody was transplanted"):
        transition_models(prepared(frame.assign(treated=np.nan)), "AML")
    alive = frame.assign(event=0)
    with pytest.raises(ValueError, match="Nobody died without a transplant"):
        transition_models(prepared(alive), "AML")
    with pytest.raises(ValueError, match="do not record when relapse came"):
        paths_of(data, "relapse")
    still = alive.assign(treated=np.nan, aml=np.nan)
    with pytest.raises(ValueError, match="nothing to show"):
        occupancy(paths_of(prepared(still), "AML"), np.array([1.0]))
    with pytest.raises(ValueError, match="Delays must lie"):
        MicrosimulationSettings(horizon=12.0, delays=(0.0, 24.0))


def test_long_work_can_be_stopped(data):
    models = transition_models(data, "AML")

    def stop(_stage, _share):
        raise Cancelled

    with pytest.raises(Cancelled):
        microsimulate(models, SMALL, progress=stop)


# Who starts in a later state, and who is not known ---------------------------------------------


STARTED = pd.DataFrame(
    {
        "time": [9.0, 14, 21, 6, 17, 25, 11, 30, 8, 19, 23, 13],
        "event": [1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 1],
        "treated": [0, 4, 0, np.nan, np.nan, 0, 5, np.nan, np.nan, 10, 0, np.nan],
        # Before time zero and at it: both are where the patient starts.
        "aml": [np.nan, np.nan, 6, 0, -2, -1, 0, 12, np.nan, 3, 0, 5],
        "group": ["low", "high"] * 6,
    }
)


def test_states_at_time_zero_are_counted_once():
    """R: survfit(Surv(start, stop, state) ~ 1, id = id, istate = from), survival 3.5.

    There a transplant with AML is one state, whichever came first.
    """
    data = prepared(STARTED)
    paths = paths_of(data, "AML")
    found = aalen_johansen(paths, np.array([0.0, 4, 8, 12, 20]))
    r = [
        [0.41666667, 0.16666667, 0.25, 0.16666667, 0],
        [0.25, 0.25, 0.33333333, 0.16666667, 0],
        [0.08333333, 0.16666667, 0.25, 0.33333333, 0.16666667],
        [0, 0.08333333, 0.25, 0.33333333, 0.33333333],
        [0, 0, 0.16666667, 0.33333333, 0.5],
    ]
    both = np.column_stack([found[:, :3], found[:, 3] + found[:, 4], found[:, 5]])
    np.testing.assert_allclose(both, r, atol=1e-8)
    # R's table of transitions from the same rows.
    assert paths.counts["n"].tolist() == [1, 3, 1, 1, 2, 2, 2, 3]
    assert not (paths.stop <= 0).any()
    assert any(note.startswith("5 patients had AML by time zero") for note in data.notes)
    three = aalen_johansen(paths_of(data), np.array([0.0, 20]))
    np.testing.assert_allclose(three[0], [8 / 12, 4 / 12, 0])


@given(
    st.lists(
        st.tuples(
            st.integers(1, 9), st.one_of(st.none(), st.integers(0, 9)),
            st.one_of(st.none(), st.integers(-3, 9)),
        ),
        min_size=1, max_size=12,
    )
)  # fmt: skip
def test_uncensored_occupancy_is_the_share_seen_wherever_patients_start(rows):
    frame = pd.DataFrame(rows, columns=["time", "treated", "aml"], dtype=float)
    data = prepared(frame.assign(event=1, group=(["low", "high"] * 6)[: len(rows)]))
    at = np.array([0.0, 2.5, 5.5])
    found = aalen_johansen(paths_of(data, "AML"), at)
    for row, t in zip(found, at, strict=True):
        dead = data.time <= t
        state = state_at(data, t)
        seen = [*(np.mean(~dead & (state == s)) for s in range(5)), dead.mean()]
        assert row == pytest.approx(seen, abs=1e-12)


def test_unknown_progression_is_not_never():
    unknown = np.zeros(len(STARTED), dtype=bool)
    unknown[[1, 8]] = True
    data = prepared(STARTED, unknown={"AML": unknown})
    assert data.left_out == {"in whom it is not known whether or when AML came": 2}
    assert data.n == len(STARTED) - 2
    assert not set(data.rows) & {1, 8}


def test_times_that_differ_by_rounding_are_one_day_in_a_trial():
    """A transplant at 0.3 of a follow-up of 0.1 + 0.2 did not count; 12.000000000000002 is 12."""
    frame = STARTED.assign(aml=np.nan)
    frame.loc[0, ["time", "treated"]] = [0.1 + 0.2, 0.3]
    frame.loc[1, "time"] = np.nextafter(12, 13)
    data = prepared(frame)
    assert 12.0 in data.time
    assert not data.ever_treated[data.rows == 0]
