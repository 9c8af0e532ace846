"""Every survival entry of the known answers, from the published files through public functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.analysis.competing_risks import cumulative_incidence, fine_gray, gray_test
from app.analysis.regression import counting_process, cox, cox_time_varying
from app.analysis.regression._concordance import concordance_index
from app.analysis.survival import kaplan_meier, logrank_test
from tests.analysis.oracles import Frames, Oracle, printed, read_frames, same_p

pytestmark = pytest.mark.shared

# Known answers that are no survival figures, and what they are.
NOT_SURVIVAL = {
    **dict.fromkeys(["KA001", "KA002", "KA006", "KA019", "KA020"], "counts of the MDS cohort"),
    **dict.fromkeys(["KA003", "KA004", "KA005"], "prognostic score calculators"),
    **dict.fromkeys(["KA029", "KA030", "KA031"], "frequencies of mutations in MDS"),
    **dict.fromkeys(["KA041", "KA042", "KA043", "KA046"], "counts of the MPN cohort"),
    **dict.fromkeys(["KA058", "KA059", "KA060", "KA061", "KA062"], "the cohort of 2,035 MPN"),
    "KA063": "counts of genomic subgroups",
}


@pytest.fixture(scope="module")
def frames(public_cohorts: Path) -> Frames:
    return read_frames(public_cohorts)


def medians(frame: pd.DataFrame, endpoint: str, group: str, known: Oracle) -> None:
    """Medians with limits on the log scale, as R's default."""
    frame = frame.dropna(subset=[f"{endpoint}_years", f"{endpoint}_event"])
    for label, expected in known.items():
        own = frame[frame[group] == label]
        km = kaplan_meier(own[f"{endpoint}_years"], own[f"{endpoint}_event"], conf_type="log")
        assert (km.n, km.events) == (expected["n"], expected["events"])
        found = [km.median, *km.median_ci]
        printed(found, [expected[x] for x in ("median", "lcl", "ucl")], 3)


def ratio(row: pd.Series, expected: Oracle) -> None:
    printed(row[["hr", "lower", "upper"]].to_list(), [expected[x] for x in ("HR", "lcl", "ucl")], 4)
    same_p(row["p_value"], expected["wald_p"])


def ratios(model: Any, expected: Oracle, terms: dict[str, str]) -> None:
    """Hazard ratios by level or term, three decimals."""
    rows = model.summary.set_index("term")
    for name, values in expected.items():
        printed(rows.loc[terms.get(name, name), ["hr", "lower", "upper"]].to_list(), values, 3)


def levels(variable: str, names: Oracle) -> dict[str, str]:
    return {name: f"{variable}={name}" for name in names}


def per_score(endpoint: str) -> Any:
    def check(frames: Frames, known: Oracle) -> None:
        time = "AMLt_YEARS" if endpoint == "aml" else f"{endpoint}_years"
        model = cox(frames.mds, time, f"{endpoint}_event", ["IPSSM_SCORE"])
        ratio(model.summary.iloc[0], known)

    return check


def discrimination(endpoint: str) -> Any:
    """Harrell's C of the scores and of their categories, higher category = higher risk."""
    order = ["Very-Low", "Low", "Int", "Moderate-Low", "Moderate-High", "High", "Very-High"]

    def check(frames: Frames, known: Oracle) -> None:
        time = "AMLt_YEARS" if endpoint == "aml" else f"{endpoint}_years"
        own = frames.mds.dropna(subset=[time, f"{endpoint}_event", "IPSSM_SCORE", "IPSSR_SCORE"])
        for name, expected in known.items():
            score, kind = name.split("_")
            values = own[score].map(order.index) if kind == "category" else own[f"{score}_SCORE"]
            index = concordance_index(own[time], own[f"{endpoint}_event"], values)
            assert len(own) == expected["n"]
            printed([index, index.std_error], [expected["C"], expected["se"]], 4)

    return check


def one_gene(gene: str) -> Any:
    """Hazard ratio of a mutation, and the medians of those without and with it."""

    def check(frames: Frames, known: Oracle) -> None:
        mds = frames.mds.dropna(subset=["os_years", "os_event", gene])
        ratio(cox(mds, "os_years", "os_event", [gene]).summary.iloc[0], known)
        found = [
            kaplan_meier(own["os_years"], own["os_event"]).median for _, own in mds.groupby(gene)
        ]
        printed(found, known["medians"], 3)

    return check


def mf_gene(gene: str) -> Any:
    def check(frames: Frames, known: Oracle) -> None:
        row = cox(frames.mf, "os_years", "os_event", [gene]).summary.iloc[0]
        assert row["n"] == known["n_mut"]
        ratio(row, known)

    return check


def overall(frames: Frames, block: str, known: Oracle, weights: str) -> None:
    frame = frames.single_driver if block == "driver" else frames.mds
    frame = frame.dropna(subset=["os_years", "os_event", block])
    result = logrank_test(frame["os_years"], frame["os_event"], frame[block], weights=weights)
    assert result.df == known["df"]
    printed(result.statistic, known["chisq"], 4)
    same_p(result.p_value, known["p"])


def by_category(frames: Frames, known: Oracle) -> None:
    grouped = frames.mds.assign(IPSSM=pd.Categorical(frames.mds["IPSSM"], ["Very-Low", *known]))
    model = cox(grouped, "os_years", "os_event", ["IPSSM"])
    ratios(model, known, levels("IPSSM", known))


def mds_incidence(frames: Frames, known: Oracle) -> None:
    for group, incidence in known.items():
        own = frames.scored[frames.scored["IPSSM"] == group]
        at = cumulative_incidence(own["years"], own["cause"]).at([1, 2, 4, 5])
        printed(at[at["cause"] == 1]["incidence"], incidence, 4)


def mds_gray(frames: Frames, known: Oracle) -> None:
    scored = frames.scored
    for cause, name in ((1, "AML"), (2, "death_without_AML")):
        result = gray_test(scored["years"], scored["cause"], scored["IPSSM"], cause)
        assert result.df == known[name]["df"]
        printed(result.statistic, known[name]["stat"], 3)


def subdistribution(frames: Frames, known: Any) -> None:
    row = fine_gray(frames.scored, "years", "cause", ["IPSSM_SCORE"]).summary.iloc[0]
    printed(row[["hr", "lower", "upper"]].to_list(), known, 4)


def wrong_curve(frames: Frames, known: Oracle) -> None:
    scored = frames.scored
    right = cumulative_incidence(scored["years"], scored["cause"]).at(5)["incidence"][0]
    wrong = 1 - kaplan_meier(scored["years"], scored["cause"] == 1).at(5)["survival"][0]
    printed([right, wrong], [known["CIF"], known["one_minus_KM"]], 4)


def whole(frame: pd.DataFrame) -> Any:
    frame = frame.dropna(subset=["os_years", "os_event"])
    return kaplan_meier(frame["os_years"], frame["os_event"], conf_type="log")


def whole_mds(frames: Frames, known: Oracle) -> None:
    km = whole(frames.mds)
    assert (km.n, km.events) == (known["n"], known["events"])
    printed([km.median, *km.median_ci], known["median"], 3)


def restricted(frames: Frames, known: Oracle) -> None:
    frame = frames.mds.dropna(subset=["os_years", "os_event"])
    for group, expected in known.items():
        own = frame[frame["IPSSM"] == group]
        rmst = kaplan_meier(own["os_years"], own["os_event"]).rmst(5)
        printed([rmst, rmst.std_error], expected, 3)


def proportional(frames: Frames, known: Oracle) -> None:
    row = cox(frames.mds, "os_years", "os_event", ["IPSSM_SCORE"]).ph_test.iloc[0]
    printed(row["chi2"], known["chisq"], 3)
    same_p(row["p_value"], known["p"], digits=2)


def tp53(frames: Frames, known: Oracle) -> None:
    model = cox(frames.mds, "os_years", "os_event", ["tp53_state"], references={"tp53_state": "WT"})
    ratios(model, known, levels("tp53_state", known))


def immortal_time(frames: Frames, known: Oracle) -> None:
    followed = frames.mds[frames.mds["os_years"] > 0]
    # The answers count 365 days to the year, as the file's follow-up does.
    followed = followed.assign(at=followed["transplant_months"] * 30.4375 / 365)
    naive = cox(followed, "os_years", "os_event", ["transplant"])
    # Dates that are unknown or after the end of follow-up are left out; one before diagnosis is
    # not taken for a transplant.
    unknown = (followed["transplant"] == 1) & followed["at"].isna()
    usable = followed[~unknown & ~(followed["at"] >= followed["os_years"] - 1e-9)]
    assert (naive.n, len(usable)) == (known["n_naive"], known["n_td"])
    usable = usable.assign(at=usable["at"].mask(usable["at"] < 0))
    rows = counting_process(usable, "os_years", "os_event", {"on": "at"})

    def model(*covariates: str) -> Any:
        return cox_time_varying(rows, "start", "stop", "os_event", list(covariates))

    ratio(naive.summary.iloc[0], known["naive_ever_transplanted"])
    same_rows = cox(usable, "os_years", "os_event", ["transplant"])
    ratio(same_rows.summary.iloc[0], known["naive_same_rows_as_td"])
    ratio(model("on").summary.iloc[0], known["time_dependent"])
    adjusted = model("on", "AGE", "IPSSM_SCORE").summary.iloc[0]
    ratio(adjusted, known["time_dependent_adj_age_IPSSM"])


def drivers(frames: Frames, known: Oracle) -> None:
    single = frames.single_driver
    plain = cox(single, "os_years", "os_event", ["driver"])
    ratios(plain, known["unadjusted"], levels("driver", known["unadjusted"]))
    adjusted = cox(single, "os_years", "os_event", ["driver", "age_years"], units={"age_years": 10})
    names = levels("driver", known["age_adjusted"]) | {"Age_per_10y": "age_years"}
    ratios(adjusted, known["age_adjusted"], names)


def calr_types(frames: Frames, known: Oracle) -> None:
    single = frames.single_driver
    kind = np.select(
        [single["CALR_Type_1"] == 1, single["CALR_Type_2"] == 1], ["type1", "type2"], ""
    )
    medians(single.assign(kind=kind), "os", "kind", known)


def transformation(kind: str) -> Any:
    def check(frames: Frames, known: Oracle) -> None:
        groups = [name for name in known if name != "Gray"]
        chosen = frames.mpn["diagnosis"].isin(groups) & frames.mpn[f"{kind}_cause"].notna()
        frame = frames.mpn[chosen]
        for group in groups:
            own = frame[frame["diagnosis"] == group]
            at = cumulative_incidence(own[f"{kind}_years"], own[f"{kind}_cause"])
            at = at.at([5, 10, 15, 20])
            printed(at[at["cause"] == 1]["incidence"], known[group], 4)
        gray = known["Gray"]
        result = gray_test(frame[f"{kind}_years"], frame[f"{kind}_cause"], frame["diagnosis"])
        printed(result.statistic, gray["stat"], 3)
        assert result.df == (gray["df"] if "df" in gray else len(groups) - 1)
        if "p" in gray:
            printed(result.p_value, gray["p"], 3)

    return check


def subgroup_ratios(frames: Frames, known: Oracle) -> None:
    model = cox(
        frames.classic,
        "os_years",
        "os_event",
        ["subgroup"],
        references={"subgroup": "6 JAK2 heterozygous"},
    )
    ratios(model, known, levels("subgroup", known))


KNOWN: dict[str, Callable[[Frames, Any], None]] = {
    "KA007": lambda f, known: medians(f.mds, "os", "IPSSM", known),
    "KA008": lambda f, known: medians(f.mds, "lfs", "IPSSM", known),
    "KA009": lambda f, known: medians(f.mds, "os", "IPSSR", known),
    "KA010": lambda f, known: overall(f, "IPSSM", known, "logrank"),
    "KA011": lambda f, known: overall(f, "IPSSM", known, "peto-peto"),
    "KA012": discrimination("os"),
    "KA013": per_score("os"),
    "KA014": discrimination("lfs"),
    "KA015": per_score("lfs"),
    "KA016": discrimination("aml"),
    "KA017": per_score("aml"),
    "KA018": by_category,
    "KA021": mds_incidence,
    "KA022": mds_gray,
    "KA023": subdistribution,
    "KA024": wrong_curve,
    "KA025": whole_mds,
    "KA026": lambda f, known: printed(
        [whole(f.mds).median_followup, *whole(f.mds).median_followup_ci], known, 3
    ),
    "KA027": restricted,
    "KA028": proportional,
    "KA032": lambda f, known: medians(f.mds, "os", "tp53_state", known),
    "KA033": tp53,
    "KA034": one_gene("SF3B1"),
    "KA035": one_gene("RUNX1"),
    "KA036": one_gene("ASXL1"),
    "KA037": one_gene("TP53"),
    "KA038": immortal_time,
    "KA044": lambda f, known: medians(f.mpn, "os", "diagnosis", known),
    "KA045": lambda f, known: printed(
        [whole(f.mpn).median_followup, *whole(f.mpn).median_followup_ci], known, 3
    ),
    "KA047": lambda f, known: medians(f.single_driver, "os", "driver", known),
    "KA048": lambda f, known: overall(f, "driver", known, "logrank"),
    "KA049": drivers,
    "KA050": calr_types,
    "KA051": mf_gene("ASXL1"),
    "KA052": mf_gene("SRSF2"),
    "KA053": mf_gene("EZH2"),
    "KA054": mf_gene("TP53"),
    "KA055": mf_gene("U2AF1"),
    "KA056": transformation("mf"),
    "KA057": transformation("aml"),
    "KA064": lambda f, known: medians(f.classic, "os", "subgroup", known),
    "KA065": subgroup_ratios,
}


@pytest.mark.parametrize("key", KNOWN)
def test_known_answer_is_reproduced(frames, known_answers, key):
    value = next(answer["value"] for answer in known_answers if answer["id"] == key)
    oracle = Oracle({key: value})
    KNOWN[key](frames, oracle[key])
    assert not oracle.unread()


def test_every_known_answer_is_claimed_or_named_with_a_reason(known_answers):
    assert {answer["id"] for answer in known_answers} == set(KNOWN) | set(NOT_SURVIVAL)
    assert not set(KNOWN) & set(NOT_SURVIVAL)


def test_a_figure_that_was_passed_over_is_noticed():
    oracle = Oracle({"a": 1, "label": "x", "b": {"c": 2, "d": [3]}, "e": [{"f": 4}, {"f": 5}]})
    assert oracle["a"] == 1
    assert oracle["b"]["c"] == 2
    assert oracle["e"][0]["f"] == 4
    assert oracle.unread() == ["/b/d", "/e/f"]
