"""The competing-risks script is run as a user would, and must print the page's numbers."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.analysis.group_hazards import GroupModel
from app.analysis.group_incidence import GroupIncidence, incidence_by_group
from app.cohort.arrangement import Arrangement, arranged
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.export.methods_incidence import group_incidence_methods
from app.export.script_incidence import incidence_script
from data_loaders import Cohort, load_cohort
from tests.export.test_script import run

FILE = 'a "study"; print(1).csv'
STAGE = GroupingSpec("variable", "stage")
YEARS = [12, 36, 60]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("competing")
    rng = np.random.default_rng(4)
    n = 300
    stage = rng.choice(["I'm low", "mid\\dle", "none", "few"], n, p=[0.4, 0.35, 0.22, 0.03])
    first = rng.exponential(np.where(stage == "mid\\dle", 30, 90))
    dead, end = rng.exponential(60, n), rng.uniform(5, 100, n)
    happened = (first < np.minimum(dead, end)) & (stage != "none")
    frame = pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(n)],
            "stage": stage,
            "age_years": rng.integers(20, 90, n),
            "os_months": np.minimum(dead, end).round(2) + 0.1,
            "os_event": (dead < end).astype(float),
            "aml_months": np.where(happened, first, np.minimum(dead, end)).round(2) + 0.1,
            "aml_event": happened.astype(int),
        }
    )
    # Alive or dead is not known of some who had no AML, and of one nothing is.
    frame.loc[np.flatnonzero(~happened)[:6], "os_event"] = np.nan
    frame.loc[7, ["os_months", "os_event", "aml_months", "aml_event"]] = np.nan
    frame.to_csv(folder / FILE, index=False)
    return folder


@pytest.fixture(scope="module")
def cohort(folder: Path) -> Cohort:
    cohort = load_cohort(folder / FILE)
    assert cohort.endpoints["aml"].competing is not None
    return cohort


def made(
    cohort: Cohort,
    chosen: Filter,
    spec: GroupingSpec | None,
    arrangement: Arrangement | None = None,
    **options: Any,
) -> tuple[GroupIncidence, str]:
    selection = chosen.apply(cohort)
    grouping = None if spec is None else spec.build(cohort)
    if grouping is not None and arrangement is not None:
        grouping = arranged(grouping, arrangement)
    result = incidence_by_group(cohort, selection.mask, "aml", grouping, **options)
    return result, incidence_script(result, cohort, chosen, spec, arrangement)


def rows(block: str) -> list[list[float]]:
    """The numbers of the lines that hold nothing else."""
    found = []
    for line in block.splitlines():
        words = line.split()
        if words and all(re.fullmatch(r"-?[\d.]+(e[-+]?\d+)?|nan|NaN", word) for word in words):
            found.append([float(word) for word in words])
    return found


def check_numbers(printed: str, result: GroupIncidence) -> None:
    assert "Note:" not in printed
    assert f"{result.selected} of " in printed
    assert f"\n{result.analysed} " in printed
    for group in result.drawn:
        block = printed.split(f"\n{group.name}: n = ")[1].split("\n\n", maxsplit=1)[0]
        assert block.startswith(f"{group.n}, events by cause = ")
        at = group.at(YEARS)
        found = np.array(rows(block))
        for cause, column in ((1, "incidence"), (2, "competing")):
            own = found[found[:, 0] == cause]
            if len(own):
                np.testing.assert_allclose(own[:, 3], at[column], rtol=1e-9)
        wrong = re.search(r"\(wrong\): (.*)", block)[1].split()
        np.testing.assert_allclose([float(value) for value in wrong], at["naive"], rtol=1e-9)
    pattern = r"Gray's test, cause (\d): chi-squared (\S+), (\d+) df, p = (\S+)"
    tests = [test for test in (result.gray_event, result.gray_competing) if test is not None]
    found_tests = re.findall(pattern, printed)
    assert len(found_tests) == len(tests)
    for (cause, statistic, df, p_value), test in zip(found_tests, tests, strict=True):
        assert (int(cause), int(df)) == (test.cause, test.df)
        assert float(statistic) == pytest.approx(test.statistic, rel=1e-9)
        assert float(p_value) == pytest.approx(test.p_value, rel=1e-9)
    effects = result.effects
    models = {
        "Cause-specific": None if effects is None else effects.cause_specific,
        "Subdistribution": None if effects is None else effects.subdistribution,
        "Competing event": None if effects is None else effects.competing,
    }
    for name, model in models.items():
        assert (f"{name} hazard ratios" in printed) == (model is not None)
        if model is not None:
            check_model(
                printed.split(f"{name} hazard ratios")[1].split("\n\n", maxsplit=1)[0], model
            )


def check_model(block: str, model: GroupModel) -> None:
    lines = block.strip().splitlines()[1:]
    printed = [[float(word) for word in line.split()[-4:]] for line in lines]
    expected = model.summary[["hr", "lower", "upper", "p_value"]]
    np.testing.assert_allclose(printed, expected, rtol=1e-7)


def test_the_mds_demo_by_risk_with_a_filter_and_a_limit(tmp_path):
    demo = load_cohort("demo:mds")
    old = Filter.from_dict({"column": "age_years", "between": [60, None]})
    result, script = made(demo, old, GroupingSpec("variable", "ipssm"), limit=48.0)
    assert result.effects.subdistribution is not None
    assert result.effects.competing is not None
    check_numbers(run(script, tmp_path), result)
    assert "SYNTHETIC" in script


def test_a_file_with_unknown_deaths_hostile_names_and_small_groups(cohort, folder):
    result, script = made(cohort, Filter(), STAGE)
    assert any("not recorded" in reason and "death" in reason for reason in result.left_out)
    assert result.effects.left_out.keys() == {"none", "few"}
    assert result.untested == ("few",)
    check_numbers(run(script, folder), result)
    assert "# Not in the tests: few has fewer than 10 patients." in script


def test_groups_as_they_were_arranged(cohort, folder):
    shown = Arrangement(hidden=("few",), reference="mid\\dle", names=(("I'm low", 'l"w'),))
    result, script = made(cohort, Filter(), STAGE, shown)
    assert result.effects.reference == "mid\\dle"
    assert result.gray_event is not None
    check_numbers(run(script, folder), result)


def test_everyone_together_has_no_test_and_no_model(cohort, folder):
    result, script = made(cohort, Filter(), None)
    printed = run(script, folder)
    check_numbers(printed, result)
    assert "gray_test" not in script
    assert "cox" not in script


def test_nobody_to_follow_is_still_a_script(cohort, folder):
    nobody = Filter.from_dict({"column": "age_years", "between": [200, None]})
    _, script = made(cohort, nobody, STAGE, limit=12.0)
    assert run(script, folder).endswith("0 analysed\n")


def test_entry_times_enter_where_they_were_used(cohort):
    patients = cohort.patients.assign(seen=cohort.patients["aml_months"] / 3)
    aml = replace(cohort.endpoints["aml"], entry="seen")
    late = replace(cohort, patients=patients, endpoints={"aml": aml})
    result, script = made(late, Filter(), STAGE)
    assert ast.parse(script)
    assert '"event", ["group"], entry="entry")' in script
    assert "fine_gray" not in script
    assert "gray_test" not in script
    text = group_incidence_methods(result, Filter().apply(late))
    assert "at risk from their entry on (column seen)" in text
    result, script = made(late, Filter(), STAGE, truncated=False)
    assert script.count("truncated=False") == 2
    assert "entry=" not in script
    text = group_incidence_methods(result, Filter().apply(late))
    assert "Entry times (column seen) were not used" in text


def test_text_of_the_data_never_becomes_code(cohort):
    plain, _ = made(cohort, Filter(), STAGE)
    text = '"""\nimport os'
    endpoint = replace(plain.endpoint, label=text, event_label=text)
    left_out = {**plain.left_out, f"death without {text} not recorded": 1}
    outcome = replace(plain.outcome, endpoint=endpoint, left_out=left_out)
    named = replace(cohort, provenance=replace(cohort.provenance, source=text))
    evil = replace(plain, outcome=outcome, label=text, p_note=text)
    script = incidence_script(evil, named, Filter(), GroupingSpec("variable", text))
    imported = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Import)]
    assert imported == []


def test_the_methods_say_what_was_done_and_who_was_not_in_it(cohort):
    result, _ = made(cohort, Filter(), STAGE, limit=60.0)
    text = group_incidence_methods(result, Filter().apply(cohort))
    for said in (
        "Aalen-Johansen",
        "Not in the tests: few has fewer than 10 patients.",
        "Not in the models: ",
        "none (no AML transformation)",
        "Fine-Gray",
        "Efron ties",
        "ended at 5 years",
        "aml_competing",
        "death without AML transformation not recorded",
        "never give one for the other",
    ):
        assert said in text, said
    assert "Gray's test (2 degrees of freedom" in text
    alone, _ = made(cohort, Filter(), None)
    text = group_incidence_methods(alone, Filter().apply(cohort))
    for absent in ("Gray's", "Hazard ratios against", "grouped", "ended at"):
        assert absent not in text
    with pytest.raises(ValueError, match="pass the selection that the result was made with"):
        group_incidence_methods(
            alone, Filter.from_dict({"column": "age_years", "between": [70, None]}).apply(cohort)
        )


def test_the_methods_name_the_tests_of_a_comparison():
    demo = load_cohort("demo:mds")
    result, _ = made(demo, Filter(), GroupingSpec("variable", "ipssm"))
    text = group_incidence_methods(result, Filter().apply(demo))
    assert "Gray's test (5 degrees of freedom" in text
    assert "Holm" in text
    assert "Hazard ratios against Very Low" in text
    assert "Grambsch and Therneau" in text
    assert "SYNTHETIC" in text
