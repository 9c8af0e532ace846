"""The Cox model view driven without a browser: every part, every option, odd cohorts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.cohort.groupings import GroupingSpec
from app.shell.saved_groups import _Saved
from app.study.figures.theme import SYNTHETIC_MARK
from app.views.survival.cox.analysis import fit_models
from data_loaders import Cohort, load_cohort, load_table_bytes
from tests.pages.conftest import calm, figures, open_upload, unfolded, words
from tests.pages.test_odd_cohorts import TABLES, table

Opener = Callable[..., AppTest]
PARTS = ("Forest", "Proportional hazards", "Adjusted curves", "Subgroup forest")
DEMOS = ("demo:mpn", "demo:mds", "demo:aml")


@pytest.fixture
def open_view(open_app: Opener) -> Opener:
    def opener(part: str = "Forest", **query: str | list[str]) -> AppTest:
        return open_app("survival", view="Cox model", model_part=part, **query)

    return opener


def open_table(cohort: Cohort, part: str) -> AppTest:
    return open_upload(cohort, "survival", query={"view": "Cox model", "model_part": part})


def labels(at: AppTest) -> str:
    """Every text of the first figure."""
    texts = [annotation["text"] for annotation in figures(at)[0]["layout"]["annotations"]]
    return "\n".join(texts).replace("<br>", " ")


@pytest.mark.parametrize("cohort", DEMOS)
def test_every_part_opens_on_a_finished_figure(open_view: Opener, cohort: str):
    at = open_view("Subgroup forest", cohort=cohort)
    for part in reversed(PARTS):
        at.segmented_control(key="model_part").set_value(part).run()
        calm(at)
        drawn = figures(at)
        assert len(drawn) == 1
        assert SYNTHETIC_MARK in str(drawn[0]["layout"])
        assert at.subheader[0].value == "In words"
        assert at.get("download_button")


@pytest.mark.parametrize("cohort", DEMOS)
def test_the_view_opens_on_age_sex_and_disease_of_everyone_followed(open_view: Opener, cohort: str):
    at = open_view(cohort=cohort)
    chosen = at.multiselect(key="covariates").value
    assert chosen[:2] == ["variable:age_years", "variable:sex"]
    held = load_cohort(cohort)
    models = fit_models(held, np.ones(held.n, dtype=bool), "os", chosen)
    said = words(at)
    assert f"{models.model.n:,} of {held.n:,} selected patients are in the model" in said
    assert f"Harrell's concordance {models.model.concordance:.3f}" in said
    first = models.model.summary.iloc[0]
    assert f"{first['hr']:.2f} ({first['lower']:.2f}–{first['upper']:.2f})" in labels(at)


def test_a_gene_enters_and_both_kinds_stand_side_by_side(open_view: Opener):
    at = open_view()
    at.multiselect(key="covariates").set_value(
        ["variable:age_years", "alteration:ASXL1", "alteration:TP53"]
    ).run()
    calm(at)
    assert "ASXL1 mutated" in labels(at)
    height = figures(at)[0]["layout"]["height"]
    at.segmented_control(key="models").set_value("Both").run()
    calm(at)
    assert figures(at)[0]["layout"]["height"] > height
    names = {trace.get("name") for trace in figures(at)[0]["data"]}
    assert {"Univariable", "Multivariable"} <= names
    at.segmented_control(key="models").set_value("Univariable").run()
    calm(at)
    assert "univariable Cox models" in labels(at)
    assert "Each covariate by itself" in words(at)


def test_parts_that_need_a_model_of_all_say_so(open_view: Opener):
    for part in ("Proportional hazards", "Adjusted curves"):
        at = open_view(part, models="Univariable")
        calm(at)
        assert "choose Multivariable or Both" in words(at)


def test_units_references_strata_and_limit_change_the_model(open_view: Opener):
    at = unfolded(open_view())
    at.number_input(key="per_age_years").set_value(1.0).run()
    calm(at)
    assert "per 1 year" in labels(at)
    assert "per 1 years" not in labels(at)
    at.selectbox(key="ref_driver").set_value("CALR").run()
    calm(at)
    assert "as in CALR (driver mutation)" in words(at)
    at.multiselect(key="layers").set_value(["variable:diagnosis"]).run()
    calm(at)
    assert "3 strata" in words(at)
    at.number_input(key="limit").set_value(5.0).run()
    calm(at)
    assert "Follow-up ends at 5 years" in words(at)


def test_an_interaction_is_asked_for_and_read(open_view: Opener):
    at = open_view()
    at.multiselect(key="interactions").set_value(["Age at diagnosis × Sex"]).run()
    calm(at)
    assert "The effect of age at diagnosis" in words(at)
    assert " × Sex: M vs F" in labels(at)


def test_a_link_restores_the_model(open_view: Opener):
    at = open_view(covariates=["Sex", "TP53"], endpoint="aml", models="Both")
    calm(at)
    assert at.multiselect(key="covariates").value == ["variable:sex", "alteration:TP53"]
    assert "AML transformation, Cox model" in labels(at)
    assert "cause-specific hazard ratios" in words(at)


def test_a_link_by_keys_is_restored_and_one_that_cannot_be_says_so(open_view: Opener):
    at = open_view(covariates=["alteration:TP53", "variable:sex"])
    calm(at)
    assert at.multiselect(key="covariates").value == ["alteration:TP53", "variable:sex"]
    assert not at.warning
    at = open_view(covariates=["TP53", "Nonsense"])
    calm(at)
    assert at.multiselect(key="covariates").value == ["alteration:TP53"]
    assert "could not be restored fully" in at.warning[0].value


def test_another_cohort_opens_on_its_own_model(open_view: Opener):
    at = open_view()
    at.multiselect(key="covariates").set_value(["variable:driver", "alteration:MPL"]).run()
    at.selectbox(key="cohort").set_value("demo:aml").run()
    calm(at)
    assert figures(at)
    assert at.multiselect(key="covariates").value == [
        "variable:age_years", "variable:sex", "variable:eln_2022"
    ]  # fmt: skip


def test_a_filter_to_one_level_leaves_the_rest_of_the_model(open_view: Opener):
    at = open_view(sex=["M"])
    calm(at)
    assert "Sex is left out of the model" in words(at)
    assert figures(at)


def test_no_covariate_and_collinear_covariates_are_sentences(open_view: Opener):
    at = open_view()
    at.multiselect(key="covariates").set_value([]).run()
    calm(at)
    assert "Choose at least one covariate" in words(at)
    at.multiselect(key="covariates").set_value(["variable:driver", "alteration:JAK2"]).run()
    calm(at)
    assert "collinear" in words(at)
    at.segmented_control(key="models").set_value("Both").run()
    calm(at)
    assert "collinear" in words(at)
    assert figures(at), "the univariable models stand"
    at.segmented_control(key="model_part").set_value("Adjusted curves").run()
    calm(at)
    assert "collinear" in words(at)


def test_a_subgroup_forest_of_a_chosen_gene(open_view: Opener):
    at = open_view("Subgroup forest")
    at.selectbox(key="exposure").set_value("alteration:ASXL1").run()
    calm(at)
    at.multiselect(key="across").set_value(["variable:diagnosis", "alteration:TET2"]).run()
    calm(at)
    drawn = labels(at)
    assert "effect of ASXL1 mutated in subgroups" in drawn
    assert "TET2 wild type" in drawn
    at.multiselect(key="across").set_value([]).run()
    calm(at)
    assert "All patients" in labels(at)


def test_adjusted_curves_of_a_gene_keep_its_words(open_view: Opener):
    at = open_view("Adjusted curves", covariates=["Age at diagnosis", "TP53"])
    calm(at)
    assert "TP53 wild type: at 5 years" in words(at)
    at.toggle(key="unadjusted").set_value(False).run()
    calm(at)
    dots = [t for t in figures(at)[0]["data"] if t.get("line", {}).get("dash") == "dot"]
    assert not dots


ODD = TABLES | {
    "separated": table(
        "patient_id,os_months,os_event,TP53",
        [f"A{i},{i + 1},{int(i % 5 > 0)},{int(i % 5 == 0)}" for i in range(40)],
    ),
    "nobody_tested": table(
        "patient_id,sex,os_months,os_event,TP53",
        [f"A{i},{'FM'[i % 2]},{i + 1},{i % 3 % 2}," for i in range(30)],
    ),
    "one_event": table(
        "patient_id,sex,age_years,os_months,os_event",
        [f"A{i},{'FM'[i % 2]},{40 + i},{i + 1},{int(i == 9)}" for i in range(30)],
    ),
    "all_tied": table(
        "patient_id,sex,age_years,os_months,os_event",
        [f"A{i},{'FM'[i % 2]},{40 + i},12,1" for i in range(30)],
    ),
    "forty_levels": table(
        "patient_id,diagnosis,os_months,os_event",
        [f"A{i},D{i % 40},{i + 1},{i % 2}" for i in range(200)],
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_no_part_breaks_on_odd_cohorts(name: str):
    cohort = load_table_bytes(f"{name}.csv", ODD[name])
    at = open_table(cohort, "Forest")
    for part in PARTS:
        if at.get("segmented_control") and cohort.endpoints:
            at.segmented_control(key="model_part").set_value(part).run()
        calm(at)
        assert figures(at) or at.info, "a figure, or a sentence why there is none"
        assert "Traceback" not in words(at)


def test_separation_says_that_firth_was_used():
    at = open_table(load_table_bytes("separated.csv", ODD["separated"]), "Forest")
    assert "Firth's correction was used" in words(at)
    assert figures(at)


def test_groups_saved_by_name_are_a_covariate(open_view: Opener):
    at = open_view()
    cohort = at.session_state["_looking_at"].cohort
    grouping = GroupingSpec("variable", "diagnosis").build(cohort)
    at.session_state["_saved_groups"] = {
        ("", "Mine"): _Saved("", cohort.fingerprint, "Mine", grouping)
    }
    at.run()
    at.multiselect(key="covariates").set_value(["variable:age_years", "saved:Mine"]).run()
    calm(at)
    assert "Diagnosis" in labels(at)
    at.segmented_control(key="model_part").set_value("Adjusted curves").run()
    calm(at)
    assert "MF: at 5 years" in words(at)
