"""The emulated trial against planted truths, exact special cases and plain re-computation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from app.analysis.progress import Cancelled
from app.analysis.regression import cox
from app.analysis.survival import kaplan_meier
from app.analysis.transplant import (
    EmulationSettings,
    Strategy,
    age_bands,
    e_value,
    emulate,
    positivity,
    rate_to_risk_ratio,
    sensitivity,
    trial_data,
)
from app.analysis.transplant._hazards import HazardRows, fit_hazard
from app.analysis.transplant._trial import Trial, kaplan_meier_of, restricted_mean
from data_loaders.demo import load_demo

HORIZON = 60.0
ARMS = (Strategy("within", 6.0), Strategy("delayed", 12.0), Strategy("never"))
TWO = (ARMS[0], ARMS[2])


def simulated(n, seed, ratio=0.6):
    """Risk raises the hazards of death and transplant; age the first up and the second down."""
    rng = np.random.default_rng(seed)
    risk, age = rng.normal(size=n), rng.normal(size=n)
    wait = rng.exponential(1 / (0.03 * np.exp(0.6 * risk - 0.6 * age)))
    clock = rng.exponential(1 / (0.02 * np.exp(0.7 * risk + 0.3 * age)))
    death = np.where(clock < wait, clock, wait + (clock - wait) / ratio)
    lost = rng.exponential(1 / (0.006 * np.exp(0.4 * age)))
    end = np.minimum(rng.uniform(24, 96, n), lost)
    time = np.minimum(death, end)
    return pd.DataFrame(
        {
            "time": time,
            "event": (death <= end).astype(int),
            "treated": np.where(wait < time, wait, np.nan),
            "risk": risk,
            "age": age,
        }
    )


def mean_if(opens, length, ratio=0.6, n=200_000):
    """Restricted mean if everyone alive were transplanted evenly over a window."""
    rng = np.random.default_rng(99)
    risk, age = rng.normal(size=n), rng.normal(size=n)
    clock = rng.exponential(1 / (0.02 * np.exp(0.7 * risk + 0.3 * age)))
    wait = opens + rng.uniform(0, length, n) if np.isfinite(opens) else np.full(n, 1e9)
    death = np.where(clock < wait, clock, wait + (clock - wait) / ratio)
    return float(np.minimum(death, HORIZON).mean())


def prepared(frame, **more):
    return trial_data(
        frame["time"], frame["event"], frame["treated"], frame[["risk", "age"]], **more
    )


def even(**more):
    return EmulationSettings(**{"horizon": HORIZON, "spread": "even", "draws": 0, **more})


def gains(result):
    return result.contrasts["rmst_difference"].to_numpy()


def test_hazard_model_equals_cox_with_weights_strata_and_delayed_entry():
    rng = np.random.default_rng(1)
    n = 300
    x = rng.normal(size=(n, 2))
    stop = rng.exponential(np.exp(-x[:, 0]))
    event = rng.random(n) < 0.7
    start = np.where(rng.random(n) < 0.3, stop * 0.4, -np.inf)
    stratum = (rng.random(n) < 0.4).astype(np.int64)
    counts = rng.integers(0, 3, n)
    rows = HazardRows(start, stop, event, x, stratum)
    frame = pd.DataFrame({"t": stop, "e": event.astype(int), "s": np.maximum(start, 0.0)})
    frame = frame.assign(a=x[:, 0], b=x[:, 1], g=stratum)
    expected = cox(frame, "t", "e", ["a", "b"], entry="s", strata="g").summary
    fitted = fit_hazard(rows, np.ones(n))
    assert fitted.beta == pytest.approx(expected["coef"].to_numpy(), abs=2e-4)
    assert fitted.std_error == pytest.approx(expected["se"].to_numpy(), rel=2e-4)
    again = np.repeat(np.arange(n), counts)
    repeated = HazardRows(start[again], stop[again], event[again], x[again], stratum[again])
    weighted = fit_hazard(rows, counts.astype(float))
    assert weighted.beta == pytest.approx(fit_hazard(repeated, np.ones(len(again))).beta, abs=1e-9)
    assert weighted.events == event[again].sum()


def test_without_confounders_no_transplant_is_kaplan_meier_censored_at_transplant():
    frame = simulated(400, 3)
    data = trial_data(
        frame["time"], frame["event"], frame["treated"], pd.DataFrame(index=range(400))
    )
    result = emulate(data, TWO, even(truncation=None))
    stays = frame["treated"].isna()
    km = kaplan_meier(
        np.where(stays, frame["time"], frame["treated"]), np.where(stays, frame["event"], 0)
    )
    row = result.estimates.query("strategy == 'No transplant'").iloc[0]
    assert row["rmst"] == pytest.approx(float(km.rmst(HORIZON)), abs=1e-9)
    assert row["survival"] == pytest.approx(km.at(HORIZON)["survival"].iloc[0], abs=1e-9)


def test_weighted_sums_equal_a_loop_over_clones():
    frame = simulated(120, 4)
    frame["entry"] = np.where(np.arange(120) % 3 == 0, frame["time"] * 0.3, -np.inf)
    data = prepared(frame, entry=frame["entry"])
    trial = Trial(data, ARMS, HORIZON, grace=6, spread="even", progression=None, adjust_losses=True)
    drawn = trial.model.draw(np.ones(data.n))
    counts = np.random.default_rng(0).integers(0, 3, data.n).astype(float)
    cells = trial.model.cells
    for arm, sums in zip(
        trial.arms, trial.sums(drawn, trial.caps(drawn, None), counts), strict=True
    ):
        left, share = trial.asked(arm, drawn)
        for position, t in enumerate(trial.deaths):
            cell = int(cells.of(np.array([t]))[0])
            died = at_risk = 0.0
            for i in range(data.n):
                until = min(data.time[i], data.treated[i], arm.waiting_until[i])
                stay = drawn.staying[i, cell] * counts[i]
                if data.entry[i] < t <= until:
                    weight = drawn.waiting[i, cell] * stay
                    weight *= left[i, cell] if arm.adherent.any() else 1.0
                elif arm.adherent[i] and max(data.treated[i], data.entry[i]) < t <= data.time[i]:
                    weight = drawn.at_transplant[i] * share[i] / drawn.hazard[i] * stay
                else:
                    continue
                at_risk += weight
                died += weight * (data.event[i] and data.time[i] == t)
            assert sums.at_risk[0, position] == pytest.approx(at_risk, rel=1e-9, abs=1e-9)
            assert sums.deaths[0, position] == pytest.approx(died, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("ratio", [1.0, 0.6], ids=["no effect", "benefit"])
def test_unbiased_where_the_naive_comparison_is_not(ratio):
    truth = [mean_if(0, 6, ratio), mean_if(12, 6, ratio)]
    truth = np.array(truth) - mean_if(np.inf, 0, ratio)
    found, naive = [], []
    for seed in range(16):
        frame = simulated(1500, 100 + seed, ratio)
        found.append(gains(emulate(prepared(frame), ARMS, even(truncation=None))))
        ever = frame["treated"].notna()
        curves = [kaplan_meier(g["time"], g["event"]) for g in (frame[ever], frame[~ever])]
        naive.append(float(curves[0].rmst(HORIZON)) - float(curves[1].rmst(HORIZON)))
    error = np.std(found, axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(np.mean(found, axis=0) - truth) < 3 * error + 0.1).all()
    # Immortal time flatters the transplant by months, many times the error of the emulation.
    assert np.mean(naive) - truth.max() > 4


def test_bootstrap_intervals_cover():
    truth = np.array([mean_if(0, 6), mean_if(12, 6)]) - mean_if(np.inf, 0)
    inside = []
    for seed in range(8):
        table = emulate(prepared(simulated(1000, 500 + seed)), ARMS, even(draws=50)).contrasts
        lower, upper = table["rmst_difference_lower"], table["rmst_difference_upper"]
        inside.append((lower <= truth) & (truth <= upper))
    assert np.mean(inside) >= 0.8


def test_a_confounder_that_sets_in_later_is_weighted_for():
    """Progression brings death and transplant; the transplant itself does nothing."""
    adjusted, unadjusted = [], []
    for seed in range(8):
        rng = np.random.default_rng(700 + seed)
        n = 2000
        onset = rng.exponential(25, n)
        death = rng.exponential(60, n)
        death = np.where(death < onset, death, onset + rng.exponential(8, n))
        wait = rng.exponential(80, n)
        wait = np.where(wait < onset, wait, onset + rng.exponential(8, n))
        time = np.minimum(death, 72.0)
        frame = pd.DataFrame({"age": rng.normal(size=n)})
        treated = np.where(wait < time, wait, np.nan)
        progressed = np.where(onset < time, onset, np.nan)
        for onsets, into in (({"progression": progressed}, adjusted), ({}, unadjusted)):
            data = trial_data(time, death <= 72, treated, frame, onsets=onsets)
            into.append(emulate(data, (ARMS[1], ARMS[2]), even(truncation=None)).estimates["rmst"])
        truth = np.minimum(death, HORIZON).mean()
    assert np.mean([values[1] for values in adjusted]) == pytest.approx(truth, abs=1.2)
    # Leaving progression out censors the sick from "no transplant" and makes it look better.
    assert np.mean([values[1] for values in unadjusted]) > truth + 2


def test_centres_that_transplant_more_and_treat_better_are_told_apart():
    """The transplant does nothing; the centre that transplants most loses fewest patients."""
    by_centre, blind = [], []
    for seed in range(6):
        rng = np.random.default_rng(900 + seed)
        n = 1500
        centre = rng.choice(4, n, p=[0.4, 0.3, 0.29, 0.01])
        wait = rng.exponential(np.array([15.0, 60.0, 200.0, 1e6])[centre])
        death = rng.exponential(np.array([90.0, 45.0, 20.0, 20.0])[centre])
        time = np.minimum(death, 72.0)
        given = (time, death <= 72, np.where(wait < time, wait, np.nan))
        names = np.array(["A", "B", "C", "D"], dtype=object)[centre]
        names[:3] = None
        frame = pd.DataFrame({"age": rng.normal(size=n)})
        for centres, into in ((names, by_centre), (None, blind)):
            data = trial_data(*given, frame, centres=centres)
            into.append(gains(emulate(data, TWO, even(truncation=None))))
    assert np.mean(by_centre) == pytest.approx(0, abs=0.8)
    assert np.mean(blind) > 4
    data = trial_data(*given, frame, centres=names)
    assert set(data.confounders["centre"]) == {"A", "B", "C", "smaller centres"}
    drawn = data.resampled(np.random.default_rng(1))
    assert list(np.bincount(data.centres, drawn)) == list(np.bincount(data.centres))
    # Said by hand as a confounder, the centre is not in the weights twice.
    own = trial_data(*given, frame.assign(Hospital=pd.Series(names).fillna("?")), centres=names)
    assert "centre" not in own.confounders
    assert list(np.bincount(own.centres)) == list(np.bincount(data.centres))


def test_demo_recovers_the_planted_benefit_by_risk_class():
    cohort = load_demo("mds", n=6000)
    young = cohort.patients.query("age_years <= 70")
    levels = cohort.variables["ipssm"].levels
    data = trial_data(
        young["os_months"],
        young["os_event"],
        young["transplant_months"],
        young[["age_years", "sex", "ipssm_score", "centre"]],
        groups=pd.Categorical(young["ipssm"], categories=levels, ordered=True),
    )
    assert data.left_out == {"without a class": int(young["ipssm"].isna().sum())}
    result = emulate(data, ARMS, EmulationSettings(96.0, draws=30, higher=tuple(levels[3:])))
    planted = {
        truth.key.partition("@")[2]: truth.value
        for truth in cohort.provenance.truths
        if truth.key.startswith("effect:os:transplant@")
    }
    table = result.contrasts[result.contrasts["supported"]].set_index(["strategy", "group"])
    early = table.loc[ARMS[0].label]
    assert early.loc["Higher risk", "rmst_difference_lower"] > 0
    for group, row in early.loc[list(levels)].iterrows():
        assert np.sign(row["rmst_difference"]) == np.sign(planted[group])
        assert row["rmst_difference_lower"] < planted[group] < row["rmst_difference_upper"]
    for group in levels[3:]:
        assert early.loc[group, "rmst_difference"] == pytest.approx(planted[group], abs=5.0)
    late = table.loc[ARMS[1].label]["rmst_difference"]
    assert late[["Low", "Moderate Low"]].max() < 0 < late["High"]
    # Where too few were transplanted late the result says so.
    assert any("Very Low: only 4 of" in note for note in result.notes)


def test_order_identity_and_unit_do_not_matter():
    frame = simulated(500, 8)
    groups = pd.Series(np.where(frame["risk"] > 0, "high", "low"))
    one = emulate(prepared(frame, groups=groups), ARMS, even(draws=8))
    order = np.random.default_rng(2).permutation(500)
    moved = frame.iloc[order].set_axis([f"id{i}" for i in range(500)])
    other = emulate(prepared(moved, groups=groups.iloc[order]), ARMS, even(draws=8))
    pd.testing.assert_frame_equal(one.contrasts, other.contrasts, rtol=1e-9)
    days = frame.assign(**{c: frame[c] * 30.4375 for c in ("time", "treated")})
    longer = tuple(
        Strategy(a.kind, a.months * 30.4375 if np.isfinite(a.months) else a.months) for a in ARMS
    )
    in_days = emulate(
        prepared(days, groups=groups),
        longer,
        even(draws=8, horizon=60 * 30.4375, grace=6 * 30.4375),
    )
    for column, factor in (("rmst_difference_upper", 30.4375), ("hazard_ratio_lower", 1.0)):
        assert in_days.contrasts[column].to_numpy() == pytest.approx(
            one.contrasts[column].to_numpy() * factor, rel=1e-6
        )


def test_diagnostics_show_what_the_weights_do():
    frame = simulated(3000, 9)
    data = prepared(frame)
    result = emulate(data, ARMS, even(truncation=None))
    table = result.balance.query("strategy == @ARMS[0].label").set_index("term")
    assert abs(table.loc["age", "smd_before"]) > 0.4
    assert abs(table.loc["age", "smd_after"]) < 0.15
    strata = pd.DataFrame({"age": age_bands(60 + 10 * frame["age"])})
    chances = positivity(result, strata).query("strategy == @ARMS[0].label")
    assert chances["n"].sum() == 3000
    assert chances["probability"].is_monotonic_decreasing
    assert not any("Balance" in note for note in result.notes)
    seen = chances["transplanted"].sum() / 3000
    modelled = np.average(chances["probability"], weights=chances["n"])
    # Of those alive a little more are transplanted than of all, some of whom die before.
    assert seen < modelled < seen + 0.05
    weights = result.weights.query("state == 'not transplanted'")
    assert weights["mean"].between(0.9, 1.15).all()
    assert (result.weights["effective"] <= result.weights["n"]).all()
    assert (result.curves["effective"].dropna() <= result.curves["at_risk"].max() * 1.01).all()
    changed = sensitivity(data, TWO, even(), graces=(3.0, 9.0), truncations=(None, 0.95))
    assert set(changed["varied"]) == {
        "as set", "grace", "truncation", "spread", "losses", "confounder",
    }  # fmt: skip
    assert changed.query("varied == 'grace'")["strategy"].tolist() == [
        "Transplant within 3 months",
        "Transplant within 9 months",
    ]


def test_e_values_as_published():
    # VanderWeele & Ding 2017: a risk ratio of 3.9 (1.8 to 8.7) has E-values of 7.26 and 3.0.
    estimate, limit = e_value(3.9, 1.8, 8.7)
    assert (round(estimate, 2), round(limit, 1)) == (7.26, 3.0)
    assert e_value(1 / 3.9, 1 / 8.7, 1 / 1.8) == pytest.approx((estimate, limit))
    assert e_value(1.2, 0.9, 1.6)[1] == 1.0
    assert rate_to_risk_ratio(1.0) == pytest.approx(1.0)
    assert rate_to_risk_ratio(2.0) == pytest.approx((1 - 0.5**2**0.5) / (1 - 0.5**0.5**0.5))
    assert np.isnan(rate_to_risk_ratio(float("nan")))


def test_a_curve_and_its_mean_by_hand():
    survival = kaplan_meier_of(np.array([1.0, 0.0, 1.0]), np.array([4.0, 2.0, 2.0]))
    assert survival == pytest.approx([0.75, 0.75, 0.375])
    mean = restricted_mean(np.array([1.0, 2.0, 3.0]), survival, 4.0)
    assert mean == pytest.approx(1 + 0.75 * 2 + 0.375)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"treated": np.nan}, "Nobody eligible was transplanted"),
        ({"treated": 0.0}, "Everyone was transplanted at time zero"),
        ({"event": 0}, "No event was observed"),
        ({"time": 0.0}, "Nobody is eligible"),
        ({"treated": -1.0}, "200 transplanted before time zero"),
    ],
)
def test_degenerate_data_gets_a_sentence(change, sentence):
    frame = simulated(200, 5).assign(**change)
    with pytest.raises(ValueError, match=sentence):
        emulate(prepared(frame), ARMS, even())


def test_a_class_without_transplants_or_events_is_named_not_estimated():
    frame = simulated(400, 6)
    groups = pd.Series(np.where(np.arange(400) < 200, "treated", "untreated"))
    frame.loc[groups == "untreated", "treated"] = np.nan
    frame.loc[np.arange(400) >= 300, "event"] = 0
    groups[300:] = "no events"
    result = emulate(prepared(frame, groups=groups), TWO, even(draws=4))
    table = result.contrasts.set_index("group")
    assert not table.loc["untreated", "supported"]
    assert np.isnan(table.loc["untreated", "rmst_difference"])
    assert "only 0 of 100 followed" in table.loc["untreated", "note"]
    # Draws in which nothing happens either would give an interval of no width.
    assert not table.loc["no events", "supported"]
    assert np.isnan(table.loc["no events", "rmst_difference_lower"])
    assert any("no events: no event among those" in note for note in result.notes)


def test_a_transplant_at_or_after_the_end_of_follow_up_never_counted():
    frame = simulated(200, 5)
    late = frame["treated"].isna() & (np.arange(200) < 100)
    moved = frame.assign(treated=frame["treated"].where(~late, frame["time"] + 1.0))
    plain, changed = (emulate(prepared(f), TWO, even()) for f in (frame, moved))
    pd.testing.assert_frame_equal(plain.contrasts, changed.contrasts)
    assert f"{late.sum()} transplants dated at or after the end" in changed.notes[0]


def test_weights_that_explode_are_said():
    frame = simulated(800, 12)
    # One old patient is transplanted where nobody like him is.
    old = frame["age"] > 0.5
    frame.loc[old, "treated"] = np.nan
    one = frame.index[old & (frame["time"] > 20)][0]
    frame.loc[one, "treated"] = 3.0
    frame["age"] = np.where(old, 1.0, 0.0)
    said = "single patients stand for very many"
    assert any(said in note for note in emulate(prepared(frame), TWO, even()).notes)
    cut = emulate(prepared(frame), TWO, even(truncation=0.95))
    assert not any(said in note for note in cut.notes)
    assert cut.weights["n_cut"].max() > 0


def test_settings_and_strategies_refuse_nonsense():
    data = prepared(simulated(200, 5))
    with pytest.raises(ValueError, match="two different strategies"):
        emulate(data, (ARMS[0], ARMS[0]), even())
    with pytest.raises(ValueError, match="record when it came"):
        emulate(data, (Strategy("progression"), ARMS[2]), even())
    with pytest.raises(ValueError, match="needs its number of months"):
        Strategy("within")
    with pytest.raises(ValueError, match="horizon"):
        EmulationSettings(0.0)
    with pytest.raises(ValueError, match="3 rows where 200 patients"):
        trial_data(data.time, data.event, data.treated, pd.DataFrame({"a": [1, 2, 3]}))


def test_progress_is_told_and_the_work_can_be_stopped():
    told = []
    data = prepared(simulated(200, 5))
    emulate(data, TWO, even(draws=20), progress=lambda stage, share: told.append((stage, share)))
    assert told[0] == ("Weighting", 0.0)
    assert told[-1] == ("Done", 1.0)
    assert [share for _, share in told] == sorted(share for _, share in told)

    def stop(_stage, _share):
        raise Cancelled

    with pytest.raises(Cancelled):
        emulate(data, TWO, even(draws=20), progress=stop)
