"""The scripts of the Cox view are run as a user would, and must print the page's numbers."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec, SavedGroups, saved_from_json, saved_to_json
from app.study.scripts.parts import GROUPS_FILE
from app.views.survival.cox.analysis import CohortModels, ModelSettings, fit_models
from app.views.survival.cox.checks import adjusted_view, subgroup_rows
from app.views.survival.cox.frame import model_frame
from app.views.survival.cox.script import models_script, subgroups_script
from app.views.survival.cox.words_methods import models_methods, subgroup_methods
from data_loaders import Cohort, load_cohort
from tests.study.reproduce import run

FILE = 'it\'s "my" cohort; print(1) #é.csv'
STAGE = 'stage "x"\\n\'; import os'
LEVELS = ['I\'m "low"', "mid\\dle", "high; {x}"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secret-folder")
    rng = np.random.default_rng(8)
    n = 240
    frame = pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(n)],
            STAGE: rng.choice(LEVELS, n),
            "sex": rng.choice(["F", "M"], n),
            "age_years": rng.integers(20, 90, n),
            "os_months": rng.exponential(50, n).round(2) + 0.1,
            "os_event": (rng.random(n) < 0.6).astype(int),
            "ASXL1": np.where(rng.random(n) < 0.1, None, rng.choice(["0", "1"], n)),
        }
    )
    frame.to_csv(folder / FILE, index=False)
    return folder


@pytest.fixture(scope="module")
def cohort(folder: Path) -> Cohort:
    return load_cohort(folder / FILE)


def stage(cohort: Cohort) -> str:
    """The column with the hostile name, as the loader called it."""
    return next(name for name in cohort.variables if "stage" in name)


def made(
    cohort: Cohort, chosen: Filter, *specs: str, saved: SavedGroups | None = None, **options
) -> CohortModels:
    settings = ModelSettings("os", specs, **options)
    return fit_models(cohort, chosen.apply(cohort).mask, settings, saved)


def printed_rows(block: str, columns: int) -> np.ndarray:
    """The numbers of a printed table, whose last column is words."""
    rows = []
    for line in block.splitlines()[1:]:
        try:
            rows.append([float(text) for text in line.split()[:columns]])
        except ValueError:
            break
    return np.array(rows)


def check_summary(block: str, model) -> None:
    assert f"n = {model.n}, events = {model.events}\n" in block
    table = block.split(f"events = {model.events}\n", maxsplit=1)[1]
    found = printed_rows(table, 6)[: len(model.summary)]
    expected = model.summary[["coef", "se", "hr", "lower", "upper", "p_value"]]
    np.testing.assert_allclose(found, expected.to_numpy(), rtol=1e-9)


def test_a_demo_with_everything_on(tmp_path):
    demo = load_cohort("demo:mpn")
    chosen = Filter.from_dict({"all": [{"column": "diagnosis", "in": ["ET", "PV"]}]})
    models = made(
        demo,
        chosen,
        "variable:age_years",
        "variable:sex",
        "variable:driver",
        "alteration:TET2",
        strata=("variable:diagnosis",),
        interactions=(("variable:age_years", "variable:sex"),),
        units=(("variable:age_years", 5.0),),
        references=(("variable:driver", "CALR"),),
        kinds="both",
        limit=120.0,
    )
    assert models.problem == ""
    out = run(models_script(models, demo, chosen), tmp_path)
    assert "Note:" not in out
    assert f"{models.table.outcome.n} followed" in out
    alone, together = out.split("\nMultivariable\n")
    check_summary(together, models.model)
    c = models.model.concordance
    assert float(together.split("concordance ")[1].split()[0]) == pytest.approx(float(c), rel=1e-9)
    blocks = alone.split("\nUnivariable\n")[1].split("n = ")[1:]
    for block, fit in zip(blocks, models.alone.values(), strict=True):
        check_summary(f"n = {block}", fit)


def test_a_file_with_hostile_names_and_adjusted_curves(cohort, folder):
    specs = (f"variable:{stage(cohort)}", "variable:age_years", "alteration:ASXL1")
    models = made(cohort, Filter(), *specs, references=((specs[0], LEVELS[1]),))
    covariate = models.covariates[0]
    script = models_script(models, cohort, Filter(), covariate.name)
    out = run(script, folder)
    check_summary(out, models.model)
    table = adjusted_view(models, covariate).milestones.table
    last = out.strip().splitlines()[-1].split()[-5:]
    np.testing.assert_allclose(
        [float(text) for text in last], table.iloc[-1, 1:].astype(float), rtol=1e-9
    )
    assert "secret-folder" not in script
    assert ast.parse(script)


def test_groups_saved_by_name_are_read_from_their_file(cohort, folder):
    held = {"tall 'n' small": GroupingSpec("variable", stage(cohort)).build(cohort)}
    content = saved_to_json(cohort, held)
    (folder / GROUPS_FILE).write_bytes(content)
    saved = saved_from_json(cohort, content)
    asked = ("saved:tall 'n' small", "variable:sex")
    models = made(cohort, Filter(), *asked, saved=saved.groupings)
    script = models_script(models, cohort, Filter())
    check_summary(run(script, folder), models.model)


def test_a_model_without_estimate_is_still_a_script(cohort, folder):
    nobody = Filter.from_dict({"column": "age_years", "between": [200, None]})
    models = made(cohort, nobody, "variable:age_years", kinds="both")
    assert models.problem
    assert "0 followed" in run(models_script(models, cohort, nobody), folder)


def test_the_subgroup_forest_is_reproduced(cohort, folder):
    specs = ["alteration:ASXL1", "variable:sex", "variable:age_years"]
    table = model_frame(cohort, np.ones(cohort.n, dtype=bool), "os", specs)
    exposure, *by = table.covariates
    rows = subgroup_rows(table, exposure, by, adjusted=True)
    script = subgroups_script(table, by, cohort, Filter(), adjusted=True)
    out = run(script, folder)
    found = printed_rows(out.split("followed\n")[1], 7)
    columns = ["n", "events", "hr", "lower", "upper", "p_value", "interaction_p"]
    np.testing.assert_allclose(found, rows[columns].astype(float), rtol=1e-9)


def test_the_methods_are_true_of_the_models(cohort):
    chosen = Filter.from_dict({"column": "age_years", "between": [30, None]})
    selection = chosen.apply(cohort)
    models = made(
        cohort, chosen, "variable:age_years", "alteration:ASXL1", kinds="both", limit=60.0
    )
    words = models_methods(models, selection, concordance=True)
    model = models.model
    assert f"{selection.n:,} were selected" in words
    assert f"{model.n:,} of {model.n_given:,} patients were complete and analysed" in words
    assert f"ASXL1 mutated in {model.missing['ASXL1 mutated']:,}" in words
    assert "Follow-up was ended at 5 years" in words
    assert "Efron ties" in words
    assert f"Harrell's concordance {model.concordance:.3f}" in words
    assert "Univariable models: Cox proportional hazards model of each of 2 covariates" in words
    assert "concordance" not in models_methods(models, selection, concordance=False)
    told = subgroup_methods(models.table, models.covariates[1:], selection, adjusted=False)
    assert "The effect of age" in told
    assert "likelihood-ratio test of the interaction" in told


@pytest.mark.parametrize("text", ['"""\nimport os', "a\rimport os", "a\x00b", "a\u2028import os"])
def test_text_of_the_data_never_becomes_code(cohort, text):
    usual = made(cohort, Filter(), "variable:age_years", f"variable:{stage(cohort)}")
    plain = models_script(usual, cohort, Filter(), "x")
    evil = models_script(usual, cohort, Filter(), text)
    assert [type(node) for node in ast.parse(evil).body] == [
        type(node) for node in ast.parse(plain).body
    ]
