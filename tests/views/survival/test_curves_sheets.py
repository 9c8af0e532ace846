"""Workbooks of survival: estimates and limits as numbers, tests with statistic, df and p."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from openpyxl import load_workbook

from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.study.files.headings import headings, is_p_value
from app.study.files.workbook import to_xlsx
from app.views.survival.cox.analysis import fit_models
from app.views.survival.cox.checks import adjusted_view
from app.views.survival.curves.analysis import survival_by_group
from app.views.survival.curves.answer import survival_answer
from app.views.survival.curves.words_sheets import (
    adjusted_sheet,
    model_tests,
)
from app.views.survival.incidence.analysis import incidence_by_group
from app.views.survival.incidence.answer import incidence_tests
from data_loaders import Cohort, load_cohort


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return load_cohort("demo:mds")


@pytest.fixture(scope="module")
def result(cohort: Cohort):
    grouping = GroupingSpec.parse("variable:ipssm").build(cohort)
    return survival_by_group(cohort, Filter().apply(cohort).mask, "os", grouping)


def sheet(content: bytes, name: str) -> list[dict[str, object]]:
    header, *rows = load_workbook(io.BytesIO(content))[name].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_every_estimate_is_a_number_with_its_limits_beside_it(cohort: Cohort, result):
    sheets = survival_answer(
        cohort, result, times=(18.0, 42.0), horizon=48.0, given=12.0, further=(24.0,)
    ).tables()
    content = to_xlsx(sheets, cohort.provenance, "all", {"Fingerprint": cohort.fingerprint})
    curve = result.drawn[1]
    own = next(row for row in sheet(content, "Summary") if row["Group"] == curve.name)
    assert own["n"] == curve.km.n
    assert own["Median, years"] == pytest.approx(curve.km.median / 12)
    assert own["Median, years, 95% lower"] == pytest.approx(curve.km.median_ci[0] / 12)
    at = curve.km.at([36.0]).iloc[0]
    assert own["Survival at 3 years"] == pytest.approx(at["survival"])
    assert own["Survival at 3 years, 95% upper"] == pytest.approx(at["upper"])
    differences = sheet(content, "Differences")
    assert {row["Time, years"] for row in differences} == {1.5, 3.5}
    for row in differences:
        if row["Reference"] is not None:
            assert row["Difference, 95% lower"] < row["Difference"] < row["Difference, 95% upper"]
    for row in sheet(content, "Restricted mean"):
        assert row["Horizon, years"] == 4
        assert isinstance(row["Restricted mean, years"], float)
    given = sheet(content, "Given survival so far")[0]
    assert given["Without the event by, years"] == 1
    assert given["Further time, years"] == 2
    for name in sheets:
        for row in sheet(content, name):
            for heading, value in row.items():
                if not isinstance(value, str):
                    continue
                assert heading in {"Group", "Reference", "Test", "Of", "Note", "Source", "One",
                                   "Other"}, (name, heading)  # fmt: skip
    about = dict(load_workbook(io.BytesIO(content))["About"].iter_rows(values_only=True))
    assert about["Fingerprint"] == cohort.fingerprint
    assert about["Made with"].startswith("CALR Explorer 1")


def test_tests_come_with_statistic_degrees_of_freedom_and_a_p_that_is_never_zero(
    cohort: Cohort, result
):
    content = to_xlsx(
        survival_answer(cohort, result, unit="months").tables(), cohort.provenance, "all"
    )
    rows = {row["Test"]: row for row in sheet(content, "Tests")}
    logrank = rows[result.test.method]
    assert logrank["Chi-squared"] == pytest.approx(result.test.statistic)
    assert logrank["Degrees of freedom"] == result.test.df
    assert logrank["p"] == pytest.approx(result.test.p_value, rel=1e-9)
    assert result.test.p_value < 1e-6
    assert result.trend.method in rows
    assert rows["Proportional hazards (Grambsch-Therneau)"]["Degrees of freedom"] == result.test.df
    book = load_workbook(io.BytesIO(content))
    header = [cell.value for cell in book["Tests"][1]]
    cell = book["Tests"].cell(2, header.index("p") + 1)
    assert cell.number_format == "0.00E+00"
    for row in sheet(content, "Pairs"):
        assert {"One", "Other", "Statistic", "p", "p, adjusted"} <= set(row)


def test_gray_is_in_the_workbook_of_competing_risks(cohort: Cohort):
    grouping = GroupingSpec.parse("variable:sex").build(cohort)
    found = incidence_by_group(cohort, Filter().apply(cohort).mask, "aml", grouping)
    table = incidence_tests(found)
    assert table["Chi-squared"].tolist()[:2] == [
        found.gray_event.statistic, found.gray_competing.statistic,
    ]  # fmt: skip
    assert table["Test"].str.startswith("Proportional hazards").sum() == 2


def test_an_endless_p_value_is_said_to_be_small_and_headings_carry_units(cohort: Cohort):
    frame = pd.DataFrame({"p_value": [0.0, 1e-200, 0.04], "time": 1.0, "rmst_difference": 2.0})
    content = to_xlsx({"T": frame}, cohort.provenance, "all")
    assert [row["p"] for row in sheet(content, "T")] == ["< 1E-300", 1e-200, 0.04]
    assert {"Time, months", "Restricted mean difference, months"} <= set(sheet(content, "T")[0])
    assert headings(["time_years", "hr", "HB (g/dL)", "a b"]) == [
        "Time, years", "Hazard ratio", "HB (g/dL)", "a b",
    ]  # fmt: skip
    assert is_p_value("q_value")
    assert is_p_value("p, adjusted")
    assert not is_p_value("p.V617F")
    assert not is_p_value("platelets")


def test_methods_and_first_sheet_say_what_was_asked(cohort: Cohort, result):
    answer = survival_answer(
        cohort, result, times=(18.0,), horizon=48.0, given=12.0, further=(24.0,)
    )
    words = answer.methods[3]
    for part in ("at 1.5 years", "horizon of 4 years", "Survival of 2 years more", "by 1 year",
                 "Grambsch", "degrees of freedom"):  # fmt: skip
        assert part in words, part
    said = answer.told
    assert said["Endpoint"].startswith("Overall survival (columns os_months and os_event")
    assert all(name in said["Groups"] for name in result.outcome.names)


def test_the_tests_of_a_model_and_adjusted_survival_are_numbers(cohort: Cohort):
    mask = Filter().apply(cohort).mask
    models = fit_models(cohort, mask, "os", ["variable:age_years", "variable:sex"])
    assert models.model is not None
    table = model_tests(models.model)
    statistic, df, p_value = models.model.likelihood_ratio
    assert table.loc[0, ["Chi-squared", "Degrees of freedom", "p"]].tolist() == [
        statistic, df, p_value,
    ]  # fmt: skip
    assert set(table["Of"]) >= {"the model", "Sex"}
    view = adjusted_view(models, models.covariates[-1])
    sheet_ = adjusted_sheet(view, "years")
    assert sheet_["Time, years"].tolist() == [1, 3, 5] * 2
    assert (sheet_["Adjusted survival, 95% lower"] < sheet_["Adjusted survival"]).all()
