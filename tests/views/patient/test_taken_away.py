"""What is taken away of the patient page: the page's numbers, and nobody named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.cohort.filters import Filter
from app.cohort.groupings import Arrangement, GroupingSpec
from app.study.analyses import answer_to
from app.study.answer import methods_text
from app.study.question import Question
from app.study.scripts.question import question_script
from app.views.patient.similar.outcomes import similar_outcomes
from data_loaders import Cohort, load_cohort
from tests.study.reproduce import run

OLD = Filter.from_dict({"column": "age_years", "between": [45, None]})
FILE = "registry.csv"


def patients(n: int = 90) -> pd.DataFrame:
    rng = np.random.default_rng(21)
    months = rng.exponential(60, n).round(1) + 0.1
    return pd.DataFrame(
        {
            "patient_id": [f"MRN-{4711 + 13 * i}" for i in range(n)],
            "diagnosis": rng.choice(["ET", "PV", "PMF"], n),
            "age_years": rng.integers(30, 90, n),
            "sex": rng.choice(["female", "male"], n),
            "hb_g_per_l": np.where(rng.random(n) < 0.1, np.nan, rng.normal(120, 15, n).round()),
            "os_months": np.where(rng.random(n) < 0.05, np.nan, months),
            "os_event": (rng.random(n) < 0.5).astype(int),
            "transplant_months": np.where(rng.random(n) < 0.2, (months / 2).round(1), np.nan),
            **{
                gene: np.where(rng.random(n) < 0.1, None, rng.choice(["0", "1"], n, p=[0.7, 0.3]))
                for gene in ("JAK2", "CALR", "ASXL1", "TET2", "SRSF2", "TP53")
            },
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registry")
    patients().to_csv(folder / FILE, index=False)
    return folder


@pytest.fixture(scope="module")
def cohort(folder: Path) -> Cohort:
    return load_cohort(folder / FILE)


def check_taken_away(cohort: Cohort, folder: Path, analysis: str, **asked: Any) -> str:
    """What the script prints: every table of the workbook, and nobody's identifier."""
    question = Question("upload:abc", cohort.fingerprint, analysis, **asked)
    answer = answer_to(question, cohort)
    script = question_script(question, cohort, answer.title)
    said = run(script, folder)
    told = [script, said, methods_text(answer, question.filter.apply(cohort))]
    assert not [name for name in cohort.patients.index if any(str(name) in text for text in told)]
    assert "Note:" not in said
    assert answer.accounting.caption() in said
    for name, table in answer.tables().items():
        text = table.to_string(index=False, float_format="%.12g".__mod__)
        assert f"\n{name}\n{text}\n" in said, name
    return said


def test_the_nearest_patients_and_their_survival_come_out_of_the_script(cohort, folder):
    compared = {
        "neighbours": 15,
        "alterations": 0.3,
        "variables": ("age_years", "hb_g_per_l", "sex"),
        "endpoint_key": "os",
    }
    result = similar_outcomes(cohort, OLD.apply(cohort).mask, 7, **compared)
    assert result.survival is not None
    assert result.found.not_comparable, "nobody was left out: the case is too easy"
    said = check_taken_away(
        cohort, folder, "patient.similar", filter=OLD, settings={"position": 7, **compared}
    )
    assert "1 the patient itself" in said
    for name in ("Shared", "Nearest", "Survival", "Curve"):
        assert f"\n{name}\n" in said


def test_without_an_endpoint_the_script_tells_who_is_nearest_and_no_more(folder):
    name = "no_outcome.csv"
    patients().drop(columns=["os_months", "os_event", "transplant_months"]).to_csv(
        folder / name, index=False
    )
    cohort = load_cohort(folder / name)
    said = check_taken_away(cohort, folder, "patient.similar", filter=OLD, settings={"position": 0})
    assert "\nNearest\n" in said
    assert "\nCurve\n" not in said


def test_the_lanes_of_the_swimmer_plot_come_out_of_the_script(cohort, folder):
    said = check_taken_away(
        cohort,
        folder,
        "patient.swimmer",
        filter=OLD,
        grouping=GroupingSpec.parse("variable:diagnosis"),
        arrangement=Arrangement.from_dict({"names": {"PMF": "Fibrosis"}}),
        settings={"sort": "variable:hb_g_per_l", "reverse": True, "lanes": 20, "page": 1},
    )
    assert "Fibrosis" in said
    assert "3 have none" in said


def test_lanes_without_groups_come_out_of_the_script(cohort, folder):
    check_taken_away(cohort, folder, "patient.swimmer")
