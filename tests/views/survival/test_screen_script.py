"""Scripts and methods of the screen and of events during follow-up: run, they give the numbers."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.cohort.filters import Filter
from app.study.exposures import exposure_times
from app.study.outcomes import Outcome, outcome_of
from app.views.survival.during.analysis import DuringFollowUp, analyse_during_follow_up
from app.views.survival.during.script import during_script
from app.views.survival.during.words import NOT_CAUSAL, answers_table
from app.views.survival.during.words_methods import during_methods
from app.views.survival.screen.analysis import CohortScreen, screen_cohort
from app.views.survival.screen.script import screen_script
from app.views.survival.screen.words_methods import cohort_screen_methods
from data_loaders import Cohort, load_cohort
from tests.study.reproduce import run

FILE = 'it\'s "my" cohort; print(1) #é.csv'
OLD = Filter.from_dict({"column": "age_years", "between": [60, None]})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secret-folder")
    rng = np.random.default_rng(8)
    n = 240
    time = rng.exponential(50, n).round(2) + 0.1
    at = rng.exponential(30, n).round(2)
    frame = pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(n)],
            "age_years": rng.integers(20, 90, n),
            "sex": rng.choice(["F", "M"], n),
            "os_months": time,
            "os_event": (rng.random(n) < 0.6).astype(int),
            "transplant_months": np.where(at < time * 1.1, at, np.nan),
            "ASXL1": np.where(rng.random(n) < 0.1, None, rng.choice(["0", "1"], n)),
            "TP53": rng.choice(["0", "1"], n, p=[0.8, 0.2]),
            "EZH2": ["1", "1", *["0"] * (n - 2)],
        }
    )
    frame.loc[:3, "os_months"] = np.nan
    frame.to_csv(folder / FILE, index=False)
    return folder


@pytest.fixture(scope="module")
def cohort(folder: Path) -> Cohort:
    return load_cohort(folder / FILE)


def screened(
    cohort: Cohort, chosen: Filter, adjust: list[str], limit: float | None = None, **options
) -> tuple[CohortScreen, Outcome, str]:
    outcome = outcome_of(cohort, chosen.apply(cohort).mask, "os", limit=limit)
    screen = screen_cohort(cohort, outcome, adjust, **options)
    return screen, outcome, screen_script(screen, outcome, cohort, chosen, adjust)


def followed(
    cohort: Cohort, chosen: Filter, adjust: list[str], **options
) -> tuple[DuringFollowUp, str]:
    outcome = outcome_of(cohort, chosen.apply(cohort).mask, "os", limit=60.0, truncated=False)
    exposure = exposure_times(cohort, "column:transplant_months", "os")
    result = analyse_during_follow_up(
        cohort, outcome, exposure, landmarks=[6.0, 12.0], drawn=6.0, adjust=adjust, **options
    )
    return result, during_script(result, outcome, cohort, chosen, adjust=adjust, drawn=6.0)


def check_screen(printed: str, screen: CohortScreen) -> None:
    assert "Note:" not in printed
    assert f"{screen.n_tested} of {screen.n_features} alterations tested" in printed
    body = printed[printed.index("q_value") :].splitlines()
    for row, line in zip(screen.table.itertuples(), body[1:], strict=False):
        words = line.split(maxsplit=8)
        numbers = [float(word) for word in words[:8]]
        expected = [row.n, row.altered, row.events, row.hr, row.lower, row.upper]
        assert numbers[:6] == pytest.approx(expected, rel=1e-9)
        assert numbers[6:] == pytest.approx([row.p_value, row.q_value], rel=1e-9)
        assert words[8] == row.feature


@pytest.mark.parametrize(
    ("adjust", "options"),
    [
        ([], {}),
        (["age_years", "sex"], {"min_altered": 2, "adjustment": "holm", "limit": 36.0}),
    ],
)
def test_the_screen_of_a_file_is_reproduced(cohort, folder, adjust, options):
    screen, _, script = screened(cohort, OLD, adjust, **options)
    assert screen.n_tested >= 2
    printed = run(script, folder)
    check_screen(printed, screen)
    for feature in screen.not_tested["feature"]:
        assert feature in printed


def test_the_screen_of_a_demo_is_reproduced(tmp_path):
    demo = load_cohort("demo:aml")
    screen, _, script = screened(demo, Filter(), [], kinds=["cytogenetic"])
    check_screen(run(script, tmp_path), screen)
    assert "SYNTHETIC" in script


def test_an_event_during_follow_up_is_reproduced(cohort, folder):
    result, script = followed(cohort, OLD, ["age_years"], start=2.0)
    printed = run(script, folder)
    assert f"{result.n_exposed} of {result.n} exposed during follow-up" in printed
    lines = {line.split()[0]: line.split() for line in printed.splitlines() if line.strip()}
    for row in answers_table(result).itertuples():
        expected = [row.n, row.events, row.hr, row.lower, row.upper, row.p_value]
        found = [float(word) for word in lines[row.key][1:]]
        assert found == pytest.approx(expected, rel=1e-9)
    assert result.simon_makuch is not None
    statistic = float(re.search(r"Mantel-Byar: chi-squared (\S+),", printed)[1])
    assert statistic == pytest.approx(result.simon_makuch.test.statistic, rel=1e-9)


def test_no_folder_no_patient_and_no_code_from_the_data(cohort):
    evil = replace(cohort, provenance=replace(cohort.provenance, source="C:\\x/a\nimport os.csv"))
    for script in (screened(evil, OLD, [])[2], followed(evil, OLD, [])[1]):
        assert "secret-folder" not in script
        assert not re.search(r"\bP\d+\b", script)
        imported = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Import)]
        assert not imported


def test_the_methods_of_a_screen_say_what_was_done(cohort):
    screen, _, _ = screened(cohort, OLD, ["age_years", "sex"], limit=36.0, adjustment="holm")
    text = cohort_screen_methods(screen, OLD.apply(cohort))
    for said in (
        f"Of {cohort.n} patients of the cohort, {screen.selected} were selected",
        f"{screen.analysed} were analysed",
        "overall survival not recorded",
        "Follow-up was ended at 3 years",
        "adjusted for " + ", ".join(screen.adjusted_for),
        "Holm over the 2 alterations tested, of 3",
        "fewer than 10",
        "CALR Explorer 1",
    ):
        assert said in text, said
    plain, _, _ = screened(cohort, Filter(), [])
    told = cohort_screen_methods(plain, Filter().apply(cohort))
    assert "Benjamini-Hochberg over" in told
    for absent in ("adjusted for", "Holm", "administrative", "SYNTHETIC", "cause-specific"):
        assert absent not in told


def test_the_methods_of_an_event_during_follow_up_say_what_was_done(cohort):
    result, _ = followed(cohort, OLD, ["age_years"], start=2.0)
    text = during_methods(result, OLD.apply(cohort))
    assert result.n_after_end > 0
    for said in (
        "The exposure was transplant (column:transplant_months)",
        f"which {result.n_exposed} had",
        f"{result.n_after_end} dated at or after it",
        "biased by immortal time",
        "Landmark analyses at 6 and 12 months",
        "Landmark analysis at 6 months",
        "Simon-Makuch curves, Mantel-Byar test, from 2",
        "time-dependent covariate in counting-process form",
        "alone and adjusted for age",
        "Follow-up was ended at 5 years",
        NOT_CAUSAL,
    ):
        assert said in text, said
    alone, _ = followed(cohort, Filter(), [])
    assert "alone and adjusted" not in during_methods(alone, Filter().apply(cohort))


def test_changed_data_are_noticed(cohort, folder, tmp_path):
    _, _, script = screened(cohort, Filter(), [])
    text = (folder / FILE).read_text(encoding="utf-8")
    (tmp_path / FILE).write_text("\n".join(text.splitlines()[:-1]), encoding="utf-8")
    assert "Note: the data are not those" in run(script, tmp_path)
