"""Groupings of published cohorts against counts that others found in the same files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.cohort.groupings import GroupingSpec
from data_loaders import load_cohort

pytestmark = pytest.mark.shared


def answer(known_answers: list[dict[str, Any]], key: str) -> Any:
    return next(entry["value"] for entry in known_answers if entry["id"] == key)


@pytest.mark.parametrize(
    ("score", "category"), [("IPSSM_SCORE", "IPSSM"), ("IPSSR_SCORE", "IPSSR")]
)
def test_clinical_cuts_of_a_score_give_its_published_categories(
    public_cohorts: Path, score: str, category: str
):
    cohort = load_cohort(public_cohorts / "mds_iwg_2022" / "df_clinical.tsv")
    cut = GroupingSpec.parse(f"cut:{score}@clinical").build(cohort)
    classes = GroupingSpec.parse(f"variable:{category}").build(cohort)
    both = (cut.codes >= 0) & (classes.codes >= 0)
    assert both.sum() > 2600
    assert len(cut.names) == len(classes.names)
    assert cut.codes[both].tolist() == classes.codes[both].tolist()


def test_tp53_by_allelic_state(public_cohorts: Path, known_answers: list[dict[str, Any]]):
    cohort = load_cohort(public_cohorts / "mds_iwg_2022" / "df_mut.tsv")
    grouping = GroupingSpec.parse("alleles:TP53").build(cohort)
    counts = answer(known_answers, "KA031")
    assert len(grouping.names) == 3
    for name, size in zip(grouping.names, grouping.sizes(), strict=True):
        state = "multi" if "multi" in name else "WT" if "wild type" in name else "mono"
        assert size == counts[state], name


def test_calr_by_type(public_cohorts: Path, known_answers: list[dict[str, Any]]):
    cohort = load_cohort(public_cohorts / "mpn_grinfeld_2018" / "mpn_patients.csv")
    grouping = GroupingSpec.parse("alleles:CALR").build(cohort)
    counts = answer(known_answers, "KA046").values()
    sizes = dict(zip(grouping.names, grouping.sizes(), strict=True))
    both = sizes["CALR several classes"]
    for kind in ("1", "2"):
        carriers = sum(count[f"CALR_type{kind}"] for count in counts)
        assert sizes[f"CALR type {kind}"] + both == carriers
    assert cohort.n - sizes["CALR wild type"] == sum(count["CALR"] for count in counts)


def test_the_hierarchy_of_drivers_counts_each_patient_once(public_cohorts: Path):
    cohort = load_cohort(public_cohorts / "mpn_grinfeld_2018" / "mpn_patients.csv")
    grouping = GroupingSpec.parse("hierarchy:JAK2>CALR>MPL").build(cohort)
    altered = {name: cohort.feature_state(name) == 1 for name in ("JAK2", "CALR", "MPL")}
    none = ~altered["JAK2"] & ~altered["CALR"] & ~altered["MPL"]
    assert grouping.sizes() == (
        altered["JAK2"].sum(),
        (altered["CALR"] & ~altered["JAK2"]).sum(),
        (altered["MPL"] & ~altered["JAK2"] & ~altered["CALR"]).sum(),
        none.sum(),
    )
    assert not grouping.left_out()
