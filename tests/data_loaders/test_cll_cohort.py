"""A lymphoid cohort as its authors publish it: loaded in one call, and R's figures come out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from app.analysis.regression import cox
from app.analysis.survival import kaplan_meier, logrank_test
from app.cohort.groupings import GroupingSpec
from data_loaders import Cohort, load_cohort
from tests.analysis.oracles import same

pytestmark = pytest.mark.shared

MAPPING = json.loads("""{"endpoints": {
  "os": {"time": "T6", "event": "died", "unit": "years"},
  "ttnt": {"time": "T5", "event": "treatedAfter", "unit": "years"}},
 "columns": {"Age4Main": {"label": "Age", "role": "demographic", "unit": "years"}}
}""")


@pytest.fixture(scope="module")
def folder(public_cohorts: Path) -> Path:
    return public_cohorts / "cll_pace_2018"


@pytest.fixture(scope="module")
def oracle(public_cohorts: Path) -> dict[str, Any]:
    path = public_cohorts.parent / "oracles" / "r_survival_cll.json"
    return json.loads(path.read_text())  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def cohort(folder: Path) -> Cohort:
    return load_cohort(folder, mapping=MAPPING)


def test_every_lesion_is_an_alteration_under_the_name_people_use(folder: Path) -> None:
    cohort = load_cohort(folder)
    assert cohort.alterations.shape == (265, 89)
    assert (cohort.states < 0).mean() == pytest.approx(0.47, abs=0.005)
    assert {"del(17p)", "del(11q)", "del(13q)", "+12", "+8q", "t(11;14)", "Chromothripsis",
            "TP53", "RP11-766F14.2"} <= set(cohort.features.index)  # fmt: skip
    parts = cohort.features.loc[["del(13q) biallelic", "del(13q) monoallelic"]]
    assert set(parts["kind"]) == {"refinement"}
    assert set(parts["gene"]) == {"del(13q)"}
    asked = [issue.sentence for issue in cohort.issues if issue.code == "untimed_event"]
    assert len(asked) == 2
    assert all("T6" in sentence and "T5" in sentence for sentence in asked)
    families = cohort.patients.groupby("Diagnosis")["disease_family"].agg(set)
    assert families["T-PLL"] == families["MCL"] == families["B-PLL"] == {"lymphoma"}


def test_deletions_of_both_alleles_against_one_and_none(cohort: Cohort) -> None:
    grouping = GroupingSpec.parse("alleles:del(13q)").build(cohort)
    assert grouping.label == "del(13q)"
    assert grouping.names[-1] == "no del(13q)"
    sizes = dict(zip(grouping.names, grouping.sizes(), strict=True))
    # Some patients have clones of both kinds.
    both = sizes["del(13q) several classes"]
    for part in ("biallelic", "monoallelic"):
        carriers = (cohort.feature_state(f"del(13q) {part}") == 1).sum()
        assert sizes[f"del(13q) {part}"] + both == carriers


@pytest.mark.parametrize(
    ("key", "endpoint", "by"),
    [
        ("os_by_ighv", "os", "variable:IGHV"),
        ("ttt_by_ighv", "ttnt", "variable:IGHV"),
        ("ttt_by_TP53", "ttnt", "alteration:TP53"),
        ("ttt_by_trisomy12", "ttnt", "alteration:+12"),
        ("ttt_by_del17p13", "ttnt", "alteration:del(17p)"),
        ("ttt_by_NOTCH1", "ttnt", "alteration:NOTCH1"),
    ],
)
def test_survival_equals_r(
    cohort: Cohort, oracle: dict[str, Any], key: str, endpoint: str, by: str
) -> None:
    expected = oracle[key]
    codes = GroupingSpec.parse(by).build(cohort).codes
    # R lists the unmutated and the altered last; so do its groups 0 and 1.
    names = list(GroupingSpec.parse(by).build(cohort).names)
    order = ["M", "U"] if "ighv" in key else ["0", "1"]
    first = names.index("Mutated") if "ighv" in key else 1
    positions = dict(zip(order, (first, 1 - first), strict=True))
    time, event = clock(cohort, endpoint)
    who = (cohort.patients["Diagnosis"] == "CLL").to_numpy() & ~np.isnan(time) & ~np.isnan(event)
    for name in order:
        here, r = who & (codes == positions[name]), expected["km"][name]
        curve = kaplan_meier(time[here], event[here])
        assert [curve.n, curve.events] == [r["n"], r["events"]]
        at = curve.at(r["at"])
        for ours, theirs in (("n_risk", "n_risk"), ("survival", "surv"), ("lower", "lower"),
                             ("upper", "upper")):  # fmt: skip
            same(at[ours], r[theirs])
        same([curve.median, curve.rmst(2)], [r["median"], r["rmst"]])
    known = who & (codes >= 0)
    test = logrank_test(time[known], event[known], codes[known])
    same([test.statistic, test.p_value], [expected["lr"]["chisq"], expected["lr"]["p"]])


@pytest.mark.parametrize(("key", "endpoint"), [("cox_os", "os"), ("cox_ttt", "ttnt")])
def test_cox_models_equal_r(
    cohort: Cohort, oracle: dict[str, Any], key: str, endpoint: str
) -> None:
    time, event = clock(cohort, endpoint)
    tp53 = cohort.feature_state("TP53")
    frame = pd.DataFrame(
        {
            "time": time, "event": event, "age10": cohort.patients["Age4Main"] / 10,
            "IGHVU": cohort.patients["IGHV"].map({"Unmutated": 1.0, "Mutated": 0.0}),
            "TP53": np.where(tp53 < 0, np.nan, tp53),
        }
    )[(cohort.patients["Diagnosis"] == "CLL").to_numpy()].dropna()  # fmt: skip
    model = cox(frame, "time", "event", ["age10", "IGHVU", "TP53"])
    expected = oracle[key]
    assert [model.n, model.events] == [expected["n"], expected["events"]]
    for ours, theirs in (("hr", "hr"), ("lower", "lower"), ("upper", "upper")):
        same(model.summary[ours], expected[theirs])


def clock(cohort: Cohort, key: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Time in years and event of everyone."""
    endpoint = cohort.endpoints[key]
    columns = cohort.patients[[endpoint.time, endpoint.event]].to_numpy(dtype=np.float64)
    return columns[:, 0] / 12, columns[:, 1]
