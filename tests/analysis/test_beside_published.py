"""What stands beside the numbers of published cohorts: guards, horizons, small groups, notes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.analysis.associations import table_one
from app.cohort.groupings import GroupingSpec, by_variable
from app.cohort.later_columns import comes_later
from app.views.survival.curves.analysis import survival_by_group
from app.views.survival.curves.contrasts import common_horizon
from app.views.survival.incidence.analysis import incidence_by_group
from app.views.survival.incidence.words import incidence_methods
from data_loaders import Cohort, load_cohort

PUBLIC = Path(__file__).parents[2].parent / "shared" / "public-cohorts"
pytestmark = pytest.mark.shared


def loaded(name: str) -> Cohort:
    return load_cohort(PUBLIC / name)


def everyone(cohort: Cohort) -> np.ndarray:
    return np.ones(cohort.n, dtype=bool)


def test_outcomes_of_the_aml_trials_raise_the_guard():
    aml = loaded("aml_papaemmanuil_2016")
    later = ("ereignart", "Post_Induction_Therapy_Remission", "rfsstat_allo", "TPL_Art")
    for name in later:
        assert comes_later(aml, name), name
        assert by_variable(aml, name).after_baseline
    for name in ("M_Risk", "TypeAML", "gender", "Splenomegaly", "Overall_classification", "NK"):
        assert not comes_later(aml, name), name


def test_mds_means_end_where_both_groups_have_ten_and_methods_tell_of_the_times():
    mds = loaded("mds_iwg_2022")
    grouping = GroupingSpec("alteration", "SF3B1").build(mds)
    result = survival_by_group(mds, everyone(mds), "os", grouping)
    months = common_horizon(result)
    assert 12 <= months < 17 * 12
    at_risk = [int(km.at([months])["n_risk"].iloc[0]) for km in result.by_name.values()]
    assert min(at_risk) >= 10
    assert result.reference == "SF3B1 wild type"
    aml = incidence_by_group(mds, everyone(mds), "aml", grouping)
    told = " ".join(incidence_methods(aml))
    assert "158 patients without AML transformation were last assessed before death" in told
    assert "AMLt_YEARS x 12" in told


def test_three_patients_do_not_veto_the_test_of_the_others():
    mpn = load_cohort(PUBLIC / "mpn_grinfeld_2018" / "mpn_patients.csv")
    grouping = GroupingSpec("alleles", "CALR").build(mpn)
    result = survival_by_group(mpn, everyone(mpn), "os", grouping)
    assert result.untested == ("CALR several classes",)
    assert result.p_value is not None
    assert len(result.pairwise) == 3
    rows = {row.name: row.comparison for row in table_one(mpn, by_variable(mpn, "diagnosis")).rows}
    assert np.isnan(rows["diagnosis_detail"].p_value)
