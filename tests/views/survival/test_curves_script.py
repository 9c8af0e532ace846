"""The script is run as a user would, and must print the page's numbers."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.cohort.filters import Filter
from app.cohort.groupings import Arrangement, GroupingSpec, arranged, saved_from_json, saved_to_json
from app.study.scripts.parts import GROUPS_FILE
from app.views.survival.curves.analysis import GroupSurvival, survival_by_group
from app.views.survival.curves.script import survival_script
from data_loaders import Cohort, load_cohort
from tests.study.reproduce import run

FILE = 'it\'s "my" cohort; print(1) #é.csv'
STAGE = 'stage "x"\\n\'; import os'
LEVELS = ['I\'m "low"', "mid\\dle", "high; {x}"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secret-folder")
    rng = np.random.default_rng(8)
    n = 160
    frame = pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(n)],
            STAGE: rng.choice(LEVELS, n),
            "age_years": rng.integers(20, 90, n),
            "os_months": rng.exponential(50, n).round(2) + 0.1,
            "os_event": (rng.random(n) < 0.6).astype(int),
            "ASXL1": np.where(rng.random(n) < 0.1, None, rng.choice(["0", "1"], n)),
        }
    )
    frame.loc[:3, "os_months"] = np.nan
    frame.to_csv(folder / FILE, index=False)
    return folder


@pytest.fixture(scope="module")
def cohort(folder: Path) -> Cohort:
    cohort = load_cohort(folder / FILE)
    assert "ASXL1" in cohort.alterations.columns
    return cohort


def stage(cohort: Cohort) -> str:
    """The column with the hostile name, as the loader called it."""
    return next(name for name in cohort.variables if "stage" in name)


def made(cohort: Cohort, chosen: Filter, group: GroupingSpec | None, **options):
    selection = chosen.apply(cohort)
    grouping = None if group is None else group.build(cohort)
    result = survival_by_group(cohort, selection.mask, "os", grouping, **options)
    return result, survival_script(result, cohort, chosen, group)


def same(text: str, value: float) -> bool:
    return float(text) == pytest.approx(value, rel=1e-9, nan_ok=True)


def check_numbers(printed: str, result: GroupSurvival) -> None:
    """Every number the page shows of each group and of the test stands in the output."""
    assert "Note:" not in printed
    assert f"{result.selected} of " in printed
    assert f"\n{result.analysed} analysed\n" in printed
    for curve in result.drawn:
        km = curve.km
        assert km is not None
        block = printed.split(f"\n{curve.name}: n = ")[1].split("\n\n", maxsplit=1)[0]
        assert block.startswith(f"{km.n}, events = {km.events}\n")
        median, low, high = re.search(r"median (\S+) \((\S+) to (\S+)\)", block).groups()
        assert same(median, km.median)
        assert same(low, km.median_ci[0])
        assert same(high, km.median_ci[1])
        assert same(re.search(r"follow-up (\S+)", block)[1], km.median_followup)
        at = km.at([12, 36, 60])
        rows = [line.split() for line in block.splitlines()[4:7]]
        for row, (_, expected) in zip(rows, at.iterrows(), strict=True):
            for text, value in zip(row, expected, strict=True):
                assert same(text, value)
    if result.p_value is None:
        assert "chi-squared" not in printed
        return
    test = result.test
    statistic, df, p_value = re.search(r"chi-squared (\S+), (\d+) df, p = (\S+)", printed).groups()
    assert same(statistic, test.statistic)
    assert int(df) == test.df
    assert same(p_value, result.p_value)
    if result.pairwise is not None:
        tail = printed.rsplit(" df, p = ", maxsplit=1)[-1].splitlines()[2:]
        adjusted = sorted(float(line.split()[-1]) for line in tail)
        assert adjusted == pytest.approx(sorted(result.pairwise["p_adjusted"]), rel=1e-9)


def test_a_demo_with_filter_limit_and_pairs(tmp_path):
    demo = load_cohort("demo:mpn")
    chosen = Filter.from_dict(
        {
            "all": [
                {"column": "diagnosis", "in": ["ET", "PV"]},
                {"column": "age_years", "between": [60, None]},
                {"not": {"altered": "ASXL1"}},
            ]
        }
    )
    group = GroupingSpec("variable", "driver")
    result, script = made(demo, chosen, group, limit=60.0, conf_type="log")
    assert result.pairwise is not None
    check_numbers(run(script, tmp_path), result)
    assert "SYNTHETIC" in script


def test_a_file_by_alteration(cohort, folder):
    result, script = made(cohort, Filter(), GroupingSpec("alteration", "ASXL1"), conf_type="plain")
    check_numbers(run(script, folder), result)
    assert result.left_out["not tested"] > 0


def test_a_file_with_hostile_names_by_variable(cohort, folder):
    name = stage(cohort)
    chosen = Filter.from_dict({"column": name, "in": LEVELS[:2]})
    result, script = made(cohort, chosen, GroupingSpec("variable", name))
    assert result.p_value is not None
    check_numbers(run(script, folder), result)


def test_everyone_together(cohort, folder):
    result, script = made(cohort, Filter(), None)
    check_numbers(run(script, folder), result)
    assert "logrank_test" not in script


def test_groups_saved_by_name(cohort, folder):
    held = {"tall 'n' small": GroupingSpec("variable", stage(cohort)).build(cohort)}
    content = saved_to_json(cohort, held)
    (folder / GROUPS_FILE).write_bytes(content)
    name = next(iter(held))
    grouping = saved_from_json(cohort, content).groupings[name]
    result = survival_by_group(cohort, np.ones(cohort.n, dtype=bool), "os", grouping)
    script = survival_script(result, cohort, Filter(), GroupingSpec("saved", name))
    check_numbers(run(script, folder), result)
    assert GROUPS_FILE in script.splitlines()[4]


def test_a_withheld_p_value_stays_withheld(cohort):
    old = Filter.from_dict({"column": "age_years", "between": [80, None]})
    result, script = made(cohort, old, GroupingSpec("variable", stage(cohort)))
    assert result.p_value is None
    assert "logrank_test" not in script
    assert "# No p-value is given" in script
    assert ast.parse(script)


def test_nobody_to_follow_is_still_a_script(cohort, folder):
    nobody = Filter.from_dict({"column": "age_years", "between": [200, None]})
    _, script = made(cohort, nobody, None, limit=12.0)
    assert run(script, folder).endswith("0 analysed\n")


def test_changed_data_are_noticed(cohort, folder, tmp_path):
    result, script = made(cohort, Filter(), None)
    text = (folder / FILE).read_text(encoding="utf-8")
    (tmp_path / FILE).write_text("\n".join(text.splitlines()[:-1]), encoding="utf-8")
    assert "Note: the data are not those" in run(script, tmp_path)
    assert result.selected == cohort.n


def test_no_folder_and_no_patient_leaks(cohort):
    _, script = made(cohort, Filter(), GroupingSpec("alteration", "ASXL1"))
    assert "secret-folder" not in script
    assert not re.search(r"\bP\d+\b", script)
    provenance = replace(cohort.provenance, source="C:\\secret\\other/file.csv")
    moved = replace(cohort, provenance=provenance)
    # The record of the loading counts, never the words about the source.
    moved_script = survival_script(made(cohort, Filter(), None)[0], moved, Filter(), None)
    assert f"load_cohort({FILE!r}, mapping={{}})" in moved_script


def test_every_option_of_the_test_is_reproduced(cohort, folder):
    name = stage(cohort)
    steps = replace(GroupingSpec("variable", name).build(cohort), ordered=True)
    result = survival_by_group(
        cohort,
        np.ones(cohort.n, dtype=bool),
        "os",
        steps,
        weights=("fleming-harrington", 0.5, 1.0),
        strata="age_years",
        adjust="bh",
        limit=40.0,
    )
    group = GroupingSpec("variable", name)
    printed = run(survival_script(result, cohort, Filter(), group, strata="age_years"), folder)
    check_numbers(printed, result)
    trend = re.findall(r"chi-squared (\S+), 1 df", printed)[-1]
    assert result.trend is not None
    assert same(trend, result.trend.statistic)


def test_arranged_groups_of_a_cut_are_reproduced(cohort, folder):
    chosen = Filter.from_dict({"column": "age_years", "between": [30, None]})
    selection = chosen.apply(cohort)
    group = GroupingSpec.parse("cut:age_years@tertiles")
    made_groups = group.build(cohort, selection.mask)
    low, middle, high = made_groups.names
    arrangement = Arrangement(
        names=((low, "The 'young'"),), hidden=(middle,), reference=high, colours=((low, "#112233"),)
    )
    result = survival_by_group(cohort, selection.mask, "os", arranged(made_groups, arrangement))
    assert [curve.name for curve in result.curves] == [high, "The 'young'"]
    assert result.test is not None
    script = survival_script(result, cohort, chosen, group, arrangement=arrangement)
    check_numbers(run(script, folder), result)


def test_entry_times_are_reproduced(cohort, folder):
    late = replace(cohort, endpoints={"os": replace(cohort.endpoints["os"], entry="age_years")})
    chosen = Filter.from_dict({"column": "os_months", "between": [90, None]})
    result = survival_by_group(late, chosen.apply(late).mask, "os")
    script = survival_script(result, late, chosen, None)
    assert "truncated" not in script
    unused = survival_by_group(late, chosen.apply(late).mask, "os", truncated=False)
    script = survival_script(unused, late, chosen, None)
    assert "truncated=False" in script
    # The file itself names no entry, so its script gives what is shown without.
    check_numbers(run(script, folder).replace("Note:", ""), unused)


@pytest.mark.parametrize("text", ['"""\nimport os', "a\rimport os", "a\x00b", "a\u2028import os"])
def test_text_of_the_data_never_becomes_code(cohort, text):
    plain = made(cohort, Filter(), None)
    endpoint = replace(plain[0].endpoint, label=text, key=text)
    evil = replace(plain[0], outcome=replace(plain[0].outcome, endpoint=endpoint), label=text)
    named = replace(cohort, provenance=replace(cohort.provenance, source=text))
    script = survival_script(evil, named, Filter(), GroupingSpec("variable", text))
    kinds = [type(node) for node in ast.parse(script).body]
    usual = survival_script(plain[0], cohort, Filter(), GroupingSpec("variable", "x"))
    assert kinds == [type(node) for node in ast.parse(usual).body]
    imported = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Import)]
    assert not imported
