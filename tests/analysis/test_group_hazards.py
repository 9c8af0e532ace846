"""Hazard ratios between groups from counts: the same as the models that look at every patient."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysis.competing_risks import GroupModel, fine_gray, group_cox, group_fine_gray
from app.analysis.regression import cox

NAMES = ["a", "b", "c"]
rows = st.lists(
    st.tuples(st.integers(1, 12), st.integers(0, 2), st.integers(0, 2), st.integers(0, 3)),
    min_size=12,
    max_size=90,
)


def table(rows) -> pd.DataFrame:
    time, cause, group, entry = np.array(rows).T
    frame = pd.DataFrame({"time": time, "cause": cause, "entry": np.minimum(entry, time - 1) / 1.0})
    frame["group"] = pd.Categorical.from_codes(group, NAMES)
    return frame.assign(event=(cause == 1).astype(float))


def comparable(frame: pd.DataFrame) -> bool:
    events = frame[frame["cause"] == 1].groupby("group", observed=True).size()
    return len(events) > 1 and set(events.index) == set(frame["group"])


def assert_equal(ours: GroupModel, theirs: pd.DataFrame) -> None:
    assert ours.summary["group"].tolist() == theirs["level"].tolist()
    assert set(theirs["reference"]) == {ours.reference}
    for name in ("coef", "se", "hr", "lower", "upper", "p_value"):
        np.testing.assert_allclose(ours.summary[name], theirs[name], rtol=1e-6, atol=1e-9)


def fitted(call):
    """The model, or the sentence why there is none."""
    try:
        return call()
    except ValueError as error:
        return str(error)


@given(rows, st.booleans())
def test_cox_of_groups_is_cox(rows, delayed):
    frame = table(rows)
    if not comparable(frame):
        return
    entry = "entry" if delayed else None
    theirs = fitted(lambda: cox(frame, "time", "event", ["group"], entry, firth=False))
    late = frame["entry"] if delayed else None
    ours = fitted(lambda: group_cox(frame["time"], frame["cause"], frame["group"], 1, late))
    assert isinstance(ours, str) == isinstance(theirs, str), (ours, theirs)
    if isinstance(ours, str):
        return
    assert_equal(ours, theirs.summary)
    expected = theirs.ph_test.set_index("term").loc["GLOBAL", "p_value"]
    assert ours.ph_p_value == pytest.approx(expected, rel=1e-5, abs=1e-8)


@given(rows)
def test_fine_gray_of_groups_is_fine_gray(rows):
    frame = table(rows)
    if not comparable(frame):
        return
    theirs = fitted(lambda: fine_gray(frame, "time", "cause", ["group"]))
    ours = fitted(lambda: group_fine_gray(frame["time"], frame["cause"], frame["group"]))
    if isinstance(ours, str) and "standard error" in ours:
        assert not (theirs.summary["se"] > 1e-5).all()
        return
    assert isinstance(ours, str) == isinstance(theirs, str), (ours, theirs)
    if not isinstance(ours, str):
        assert_equal(ours, theirs.summary)


@pytest.mark.shared
def test_both_on_the_published_mpn_cohort(public_cohorts):
    from data_loaders import load_cohort

    patients = load_cohort(public_cohorts / "mpn_grinfeld_2018" / "mpn_patients.csv").patients
    cause = np.where(patients["aml_event"] == 1, 1, np.where(patients["aml_competing"] == 1, 2, 0))
    frame = pd.DataFrame({"time": patients["aml_months"], "cause": cause})
    frame["event"] = (cause == 1).astype(float)
    frame["group"] = pd.Categorical(patients["diagnosis"].astype(str))
    args = (frame["time"], frame["cause"], frame["group"])
    assert_equal(group_cox(*args), cox(frame, "time", "event", ["group"]).summary)
    assert_equal(group_fine_gray(*args), fine_gray(frame, "time", "cause", ["group"]).summary)


def test_planted_ratios_are_recovered():
    rng = np.random.default_rng(21)
    n = 40_000
    group = rng.integers(0, 2, n)
    first, second = rng.exponential(1 / (0.1 * 2.5**group)), rng.exponential(1 / (0.2 * 3**group))
    end = rng.uniform(0.5, 8, n)
    time = np.minimum(np.minimum(first, second), end)
    cause = np.where(time == end, 0, np.where(first < second, 1, 2))
    for kind, truth in ((1, 2.5), (2, 3.0)):
        row = group_cox(time, cause, group, kind).summary.iloc[0]
        assert abs(row["coef"] - np.log(truth)) < 3 * row["se"] < 0.12
    # Death competes more in the second group, so fewer come to have the event than its hazard says.
    assert group_fine_gray(time, cause, group).summary["hr"].iloc[0] < 2.2


@pytest.mark.parametrize("fit", [group_cox, group_fine_gray])
@pytest.mark.parametrize(
    ("time", "cause", "groups", "sentence"),
    [
        ([1, 2, 3, 4], [0, 2, 0, 2], list("aabb"), "No event of this cause"),
        ([1, 2, 3, 4], [1, 2, 0, 2], list("aabb"), "A group has no event"),
        ([1, 2, 3, 4], [1, 2, 1, 2], list("aaaa"), "only one"),
        ([1, 2, 3, 4], [1, 1, 1, 1], list("aabb"), "infinite"),
    ],
)
def test_what_cannot_be_estimated_says_why(fit, time, cause, groups, sentence):
    with pytest.raises(ValueError, match=sentence):
        fit(time, cause, groups)
