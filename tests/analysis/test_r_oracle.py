"""Every figure of R on the published cohorts, from their files through the public functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from app.analysis.competing_risks import cumulative_incidence, fine_gray, gray_test
from app.analysis.regression import counting_process, cox, cox_time_varying, landmark
from app.analysis.regression._concordance import concordance_index
from app.analysis.survival import kaplan_meier, logrank_test, pairwise_logrank
from tests.analysis.oracles import WORDS, Frames, Oracle, read_frames, same, same_p

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def frames(public_cohorts: Path) -> Frames:
    return read_frames(public_cohorts)


def curve_equals(km: Any, oracle: Oracle) -> None:
    same([km.n, km.events], [oracle["n"], oracle["events"]])
    same([km.median, *km.median_ci], [oracle[f"median{x}"] for x in ("", "_lower", "_upper")])
    at = km.at(oracle["at"])
    pairs = {"surv": "survival", "lower": "lower", "upper": "upper", "std_err": "std_error"}
    for theirs, ours in (pairs | {"n_risk": "n_risk"}).items():
        same(at[ours], oracle[theirs])
    rmst = km.rmst(oracle["rmst_to"])
    same([rmst, rmst.std_error], [oracle["rmst"], oracle["rmst_se"]])
    same(km.median_followup, oracle["median_followup_reverse_km"])


def comparison_equals(columns: tuple[Any, Any, Any], oracle: Oracle) -> None:
    weights = {0: "logrank", 1: "peto-peto"}[oracle["rho"]]
    result = logrank_test(*columns, weights=weights)
    assert result.table["group"].astype(str).tolist() == oracle["groups"]
    assert result.df == oracle["df"]
    same([result.statistic, result.p_value], [oracle["chisq"], oracle["p"]])
    for column in ("n", "observed", "expected"):
        same(result.table[column], oracle[column])


def groups_equal(columns: tuple[Any, Any, Any], block: Oracle) -> None:
    """Curves of each group, the tests between them and the pairwise tests."""
    frame = pd.DataFrame(dict(zip(("time", "event", "group"), columns, strict=True))).dropna()
    label = frame["group"].map(lambda value: f"{value:g}" if isinstance(value, float) else value)
    frame["group"] = label.astype(str)
    assert set(block["km"]) == set(frame["group"])
    for name, oracle in block["km"].items():
        own = frame[frame["group"] == name]
        curve_equals(kaplan_meier(own["time"], own["event"]), oracle)
    outcome = frame["time"], frame["event"], frame["group"]
    for name in ("logrank", "peto"):
        if name in block:
            comparison_equals(outcome, block[name])
    for adjust in ("holm", "bh") if "pairwise" in block else ():
        pairs = pairwise_logrank(*outcome, adjust=adjust)
        for ours, oracle in zip(pairs.itertuples(), block["pairwise"], strict=True):
            assert (ours.a, ours.b) == (oracle["a"], oracle["b"])
            same([ours.p_value, ours.p_adjusted], [oracle["p"], oracle[f"p_{adjust}"]])


def model_equals(model: Any, oracle: Oracle) -> None:
    assert (model.n, model.events) == (oracle["n"], oracle["events"])
    summary = model.summary.set_index("term").loc[oracle["terms"]]
    for ours, theirs in (("coef", "coef"), ("hr", "hr"), ("se", "se"), ("p_value", "p")):
        same(summary[ours], oracle[theirs])
    same(summary["lower"], oracle["lower"])
    same(summary["upper"], oracle["upper"])
    same([model.log_likelihood, model.concordance], [oracle["loglik"], oracle["concordance"]])
    assert model.ph_test["term"].tolist() == oracle["zph_terms"]
    same(model.ph_test["p_value"], oracle["zph_p"])


def incidence_equals(frame: pd.DataFrame, group: str, oracle: Oracle) -> None:
    frame = frame.dropna(subset=["aml_cause", group])
    assert len(frame) == oracle["n"]
    for cause, count in oracle["counts"].items():
        assert (frame["aml_cause"] == int(cause)).sum() == count
    for row in oracle["gray"]:
        result = gray_test(frame["aml_years"], frame["aml_cause"], frame[group], int(row["cause"]))
        assert result.df == row["df"]
        same(result.statistic, row["stat"], rel=1e-6)
        # cmprsk takes 1 - p, which leaves nothing of the smallest p-values.
        assert result.p_value == pytest.approx(row["p"], rel=1e-4, abs=2e-15)
    for curve in oracle["curves"]:
        label, cause = curve["curve"].split(" ")
        own = frame[frame[group].map(lambda v: f"{v:g}" if isinstance(v, float) else v) == label]
        at = cumulative_incidence(own["aml_years"], own["aml_cause"]).at(curve["at"])
        at = at[at["cause"] == int(cause)]
        same(at["incidence"], curve["est"])
        same(at["std_error"] ** 2, curve["var"])


def mpn_competing(frames: Frames, oracle: Oracle) -> None:
    incidence_equals(frames.mpn, "diagnosis", oracle["by_diagnosis"])
    expected = oracle["finegray"]
    model = fine_gray(frames.mpn, "aml_years", "aml_cause", expected["covariates"])
    assert model.n == expected["n"]
    same(model.summary["coef"], expected["coef"])
    same(model.summary["se"], expected["se"])
    for ours, theirs in zip(model.summary["p_value"], expected["p"], strict=True):
        same_p(ours, theirs, digits=2)


def mds_transplant(frames: Frames, oracle: Oracle) -> None:
    mds = frames.mds.assign(transplant_years=frames.mds["transplant_months"] / 12)
    assert (mds["transplant"] == 1).sum() == oracle["n_transplanted"]
    assert mds["transplant_years"].notna().sum() == oracle["n_with_time"]
    mds = mds.dropna(subset=["os_years", "os_event"])
    expected = oracle["time_dependent_cox"]
    rows = counting_process(mds, "os_years", "os_event", {"transplanted": "transplant_years"})
    complete = rows.dropna(subset=["AGE", "IPSSM_SCORE"])
    assert len(complete) == expected["rows"]
    assert complete["transplanted"].sum() == expected["transplanted"]
    model_equals(cox_time_varying(rows, "start", "stop", "os_event", expected["terms"]), expected)
    part = landmark(mds["os_years"], mds["os_event"], mds["transplant_years"], 0.5)
    columns = part.time, part.event, part.exposed.astype(float)
    groups_equal(columns, oracle["landmark_6_months"])


def cindex(name: str) -> Callable[[Frames, Any], None]:
    def check(frames: Frames, oracle: Any) -> None:
        own = frames.mds.dropna(subset=["os_years", "os_event", "IPSSM_SCORE", f"{name}_SCORE"])
        same(concordance_index(own["os_years"], own["os_event"], own[f"{name}_SCORE"]), oracle)

    return check


def by(cohort: str, endpoint: str, group: str, diagnosis: str | None = None) -> Any:
    def check(frames: Frames, block: Oracle) -> None:
        frame = getattr(frames, cohort)
        frame = frame if diagnosis is None else frame[frame["diagnosis"] == diagnosis]
        groups_equal((frame[f"{endpoint}_years"], frame[f"{endpoint}_event"], frame[group]), block)

    return check


BLOCKS: dict[str, Callable[[Frames, Any], None]] = {
    "mpn_grinfeld_2018/os_by_diagnosis": by("mpn", "os", "diagnosis"),
    "mpn_grinfeld_2018/os_mf_by_driver": by("mpn", "os", "driver", "MF"),
    "mpn_grinfeld_2018/os_et_by_calr": by("mpn", "os", "CALR", "ET"),
    "mpn_grinfeld_2018/cox_os": lambda frames, block: model_equals(
        cox(frames.mpn, "os_years", "os_event", block["terms"]), block
    ),
    "mpn_grinfeld_2018/aml_competing_death": mpn_competing,
    "mds_iwg_2022/os_by_ipssm": by("mds", "os", "IPSSM"),
    "mds_iwg_2022/lfs_by_sf3b1": by("mds", "lfs", "SF3B1"),
    "mds_iwg_2022/cox_os": lambda frames, block: model_equals(
        cox(frames.mds, "os_years", "os_event", block["terms"]), block
    ),
    "mds_iwg_2022/cindex_ipssm_os": cindex("IPSSM"),
    "mds_iwg_2022/cindex_ipssr_os": cindex("IPSSR"),
    "mds_iwg_2022/aml_competing_death": lambda frames, block: incidence_equals(
        frames.mds, "TP53multi", block
    ),
    "mds_iwg_2022/transplant": mds_transplant,
}


@pytest.mark.parametrize("path", BLOCKS)
def test_r_is_reproduced(frames, r_survival, path):
    oracle = Oracle(r_survival)
    cohort, block = path.split("/")
    BLOCKS[path](frames, oracle[cohort][block])
    answer = oracle[cohort][block]
    assert not (answer.unread() if isinstance(answer, Oracle) else [])


def test_every_block_of_r_is_claimed(r_survival):
    blocks = {
        f"{cohort}/{block}"
        for cohort, content in r_survival.items()
        if cohort not in WORDS
        for block in content
        if block not in WORDS
    }
    assert blocks == set(BLOCKS)
