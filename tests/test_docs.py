"""What the documentation says is there, runs, and gives the numbers that the pages show."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app import __version__
from app.analysis.associations import alteration_frequencies, co_occurrence, compare_groups
from app.analysis.competing_risks import cumulative_incidence, fine_gray, gray_test
from app.analysis.regression import cox, cox_time_varying, survival_scan
from app.analysis.subgroups import SubgroupSettings, find_subgroups, subgroup_stability
from app.analysis.survival import kaplan_meier, logrank_test, pairwise_logrank
from app.cohort.filters import Filter
from app.study.analyses import ANALYSES
from app.views.survival.cox.analysis import fit_models
from app.views.survival.curves.analysis import survival_by_group
from app.views.survival.incidence.analysis import incidence_by_group
from app.views.survival.incidence.words import effects_numbers, milestones_table
from data_loaders import Cohort, load_cohort
from data_loaders.karyotype import parse_karyotype
from tests.conftest import ROOT

PAGES = {
    path.name: path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
SCRIPTS = sorted((ROOT / "docs").glob("*.py"))
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OURS = ("app", "data_loaders", "pages", "tests", "docs", "benchmarks")


def named(text: str) -> Iterator[str]:
    """Paths and modules of the project that a page names in backticks, those of examples too."""
    prose = FENCED.sub("", text)
    told = re.findall(r"`([^`]+)`", prose)
    told += [block for kind, block in FENCED.findall(text) if kind == "sh"]
    for words in told:
        for word in words.split():
            if re.fullmatch(rf"({'|'.join(OURS)})[/.][\w/.:\-]+", word):
                yield word.rstrip("/")


@cache
def names_of(path: Path) -> frozenset[str]:
    """What a module defines, methods as ``Class.method``."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
            found |= {f"{node.name}.{inner.name}" for inner in ast.walk(node)
                      if isinstance(inner, ast.FunctionDef)}  # fmt: skip
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return frozenset(found)


def missing(word: str) -> bool:
    """Whether a path, ``path:name`` or dotted module is not there."""
    path, _, name = word.partition(":")
    if "/" not in path and not path.endswith(".py"):
        path = path.replace(".", "/")
        return not ((ROOT / path).is_dir() or (ROOT / f"{path}.py").is_file())
    return not (ROOT / path).exists() or bool(name and name not in names_of(ROOT / path))


def test_what_is_not_there_is_missed():
    there = "app/study app.study.question tests/house.py app/study/question.py:Question.key"
    gone = "app/nothing.py app.study.nothing nothing.at_all app/study/question.py:Nothing"
    assert not any(map(missing, there.split()))
    assert all(map(missing, gone.split()))


@pytest.mark.parametrize("page", PAGES)
def test_every_path_and_name_on_a_page_exists(page: str):
    words = set(named(PAGES[page]))
    assert len(words) > 3 or page in {"CHANGELOG.md", "DEPLOY.md"}, "those speak to who runs it"
    assert not sorted(word for word in words if missing(word))


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_file_leads_somewhere(page: str):
    folder = ROOT if page == "README.md" else ROOT / "docs"
    links = re.findall(r"\]\(([^)#:]+)\)", PAGES[page])
    assert not [link for link in links if not (folder / link).exists()]


def test_the_picture_of_the_house_names_what_is_there():
    picture = next(block for kind, block in FENCED.findall(PAGES["ARCHITECTURE.md"]) if not kind)
    top = ROOT
    for line in picture.replace("{", " ").replace("}", " ").replace(",", " ").splitlines():
        words = re.findall(r"(?<!\S)[\w/]+(?:/|\.py)(?![\w/])", line)
        if words and not line.startswith(" "):
            top = ROOT / words.pop(0)
        assert top.is_dir()
        for word in words:
            assert any(top.rglob(word.rstrip("/"))), f"{top}: {word}"


def test_the_readme_shows_every_page_and_leads_to_the_other_pages():
    readme = PAGES["README.md"]
    for page in (ROOT / "pages").glob("*.py"):
        assert f"**{page.stem.capitalize()}**" in readme
        assert f"docs/screenshots/{page.stem}.png" in readme
    assert "(docs/ARCHITECTURE.md)" in readme
    assert "(docs/CONTRIBUTING.md)" in readme


def test_commands_are_those_of_the_makefile():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page, text in PAGES.items():
        assert set(re.findall(r"^make (\w+)", text, re.MULTILINE)) <= targets, page


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_run(page: str, capsys: pytest.CaptureFixture[str]):
    for kind, block in FENCED.findall(PAGES[page]):
        if kind == "python":
            exec(compile(block, page, "exec"), {"__name__": "example"})  # noqa: S102  (our own)
            assert capsys.readouterr().out or "print(" not in block


def test_the_changes_end_with_the_version_that_runs():
    changes = (ROOT / "docs" / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", changes, re.MULTILINE)
    assert next(heading for heading in headings if heading != "Unreleased") == __version__


def test_keys_of_analyses_on_the_pages_are_listed():
    told = set(re.findall(r"`(survival\.\w+)`", "".join(PAGES.values())))
    assert told <= set(ANALYSES)


# What the long scripts taught.


@cache
def run(name: str) -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / f"{name}.py"))


def test_curves_by_hand_are_the_pages(capsys: pytest.CaptureFixture[str]):
    held = run("kaplan_meier_by_hand")
    result = survival_by_group(held["cohort"], held["selection"].mask, "os", held["grouping"])
    printed = capsys.readouterr().out
    for curve in result.curves:
        table = curve.km.table
        table = table[table["n_event"] > 0].reset_index(drop=True)
        by_hand = held["curves"][curve.name]
        pd.testing.assert_frame_equal(by_hand, table[by_hand.columns], check_dtype=False)
        row = curve.km.at([60]).iloc[0]
        assert printed.count(f"years  {row['survival']:.6f} ({row['lower']:.6f} to") == 2
    assert printed.count(f"chi-squared {result.test.statistic:.6f}, p = {result.p_value:.6g}") == 2


def test_incidences_by_hand_are_the_pages(capsys: pytest.CaptureFixture[str]):
    held = run("competing_risks")
    result = incidence_by_group(held["cohort"], held["mask"], "aml", held["grouping"])
    printed = capsys.readouterr().out
    table = milestones_table(result)
    for _, row in table[table["year"] == 5].iterrows():
        assert held["by_hand"][row["group"]] == pytest.approx((row["incidence"], row["competing"]))
        assert f"AML ({row['lower']:.6f} to {row['upper']:.6f})" in printed
        assert f"wrong: {row['wrong_1_minus_km']:.6f}" in printed
    for test in (result.gray_event, result.gray_competing):
        assert f"{test.statistic:.6f}, p = {test.p_value:.6g}" in printed
    for _, row in effects_numbers(result).iloc[:2].iterrows():
        assert f"{row['hr']:.6f} ({row['lower']:.6f} to {row['upper']:.6f})" in printed


def test_the_cox_model_is_the_pages(capsys: pytest.CaptureFixture[str]):
    held = run("cox_model")
    mf = Filter.from_dict({"column": "diagnosis", "in": ["MF"]}).apply(held["cohort"])
    specs = ["alteration:ASXL1", "variable:age_years", "variable:sex"]
    models = fit_models(held["cohort"], mf.mask, "os", specs)
    printed = capsys.readouterr().out
    model = held["model"]
    assert models.model.log_likelihood == pytest.approx(model.log_likelihood)
    assert held["log_likelihood"] == pytest.approx(model.log_likelihood)
    assert float(models.model.concordance) == pytest.approx(float(model.concordance))
    assert f"n = {models.model.n}, events = {models.model.events}" in printed
    for _, row in model.summary.iterrows():
        assert f"{row['hr']:.4f} ({row['lower']:.4f} to {row['upper']:.4f})" in printed
    ours, theirs = (abs(each.summary["coef"]).to_numpy() for each in (model, models.model))
    # The page's reference is the first group, and its decade of age is a choice of the reader.
    assert ours[[0, 2]] == pytest.approx(theirs[[0, 2]])


def test_every_script_is_tested_and_made_of_cells():
    assert [path.stem for path in SCRIPTS] == [
        "competing_risks",
        "cox_model",
        "kaplan_meier_by_hand",
    ]
    for path in SCRIPTS:
        assert path.read_text(encoding="utf-8").count("# %%") >= 4


# The programming interface: notebooks import these from these places.


def test_the_programming_interface_keeps_its_names_and_fields():
    cohort = load_cohort("demo:mpn")
    assert isinstance(cohort, Cohort)
    has(
        cohort,
        "name patients alterations mutations endpoints variables provenance issues fingerprint",
    )
    selection = Filter.from_dict({"column": "diagnosis", "in": ["MF"]}).apply(cohort)
    has(selection, "mask cohort attrition")
    assert "MF" in Filter.from_dict({"column": "diagnosis", "in": ["MF"]}).describe()
    frame, altered = selection.cohort.patients, selection.cohort.alterations
    time, event = frame["os_months"], frame["os_event"]

    km = kaplan_meier(time, event, entry=None, conf_type="log-log", conf_level=0.95)
    has(km, "n events median median_ci median_followup")
    columns(km.table, "time n_risk n_event n_censored survival std_error lower upper")
    columns(km.at([12, 24, 60]), "time n_risk survival lower upper")
    assert km.rmst(60) > 0
    groups = frame["sex"]
    for weights in ("logrank", "peto-peto", ("fleming-harrington", 0, 1)):
        test = logrank_test(time, event, groups, entry=None, strata=None, weights=weights)
        has(test, "statistic df p_value")
        columns(test.table, "group n observed expected")
    columns(pairwise_logrank(time, event, groups, adjust="holm"), "a b p_value p_adjusted")

    cause = np.where(frame["aml_event"] == 1, 1, 2 * (frame["aml_competing"] == 1))
    columns(
        cumulative_incidence(frame["aml_months"], cause).table, "time cause incidence lower upper"
    )
    has(gray_test(frame["aml_months"], cause, groups), "statistic df p_value")
    follow = frame.assign(cause=cause, start=0.0)
    model = fine_gray(follow, "aml_months", "cause", ["age_years"])
    columns(model.summary, "term coef se hr lower upper p_value")

    model = cox(
        frame, "os_months", "os_event", ["age_years", "sex"], entry=None, strata=None, penalizer=0.0
    )
    columns(model.summary, "term coef se hr lower upper p_value")
    has(model, "n events concordance log_likelihood ph_test")
    varying = cox_time_varying(follow, "start", "os_months", "os_event", ["age_years"])
    assert varying.summary["hr"].iloc[0] == pytest.approx(
        cox(frame, "os_months", "os_event", ["age_years"]).summary["hr"].iloc[0]
    )
    scan = survival_scan(time, event, altered, adjust=None, min_altered=10)
    columns(scan, "feature n altered events hr lower upper p_value q_value")

    columns(alteration_frequencies(altered), "feature altered tested frequency lower upper")
    columns(co_occurrence(altered[["JAK2", "CALR", "ASXL1"]]),
            "a b tested both a_only b_only neither odds_ratio lower upper p_value q_value",
            )  # fmt: skip
    columns(compare_groups(selection.cohort, groups), "test p_value q_value smd missing")

    karyotype = parse_karyotype("46,XX,del(5)(q13q33)[12]/46,XX[8]")
    has(karyotype, "events clones n_abnormalities complex monosomal ipssr_group problems")


def test_the_search_for_subgroups_keeps_its_names_and_fields():
    altered = load_cohort("demo:mpn").alterations.iloc[:150, :12]
    settings = SubgroupSettings(seed=0, quality="preview")
    result = find_subgroups(altered, settings)
    has(result, "labels coordinates confidence summary enrichment evidence")
    columns(result.summary, "group n name")
    columns(result.enrichment, "group feature in_group outside odds_ratio p_value q_value")
    columns(subgroup_stability(altered, settings, n_resamples=2), "group mean_jaccard")


def has(thing: object, names: str) -> None:
    assert not [name for name in names.split() if not hasattr(thing, name)]


def columns(table: pd.DataFrame | Mapping[str, Any], names: str) -> None:
    assert set(names.split()) <= set(table)
