"""Scripts of the patient page, run beside the file: the page's numbers, and nobody named."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.cohort.filters import Filter
from app.cohort.groupings import (
    Arrangement,
    GroupingSpec,
    arranged,
    only_groups,
    selection_against_rest,
)
from app.views.patient.script import similar_script, swimmer_script
from app.views.patient.similar.analysis import SimilaritySettings, SimilarPatients, similar_patients
from app.views.patient.similar.words import neighbour_table, shared_table, similarity_reading
from app.views.patient.swimmer.analysis import SwimmerSettings, swimmer
from app.views.patient.timeline import histories
from app.views.survival.curves.analysis import survival_by_group
from data_loaders import Cohort, load_cohort
from tests.study.reproduce import run

OLD = Filter.from_dict({"column": "age_years", "between": [45, None]})
FILE = "registry.csv"
DECIMALS = "%.12g"


@dataclass(frozen=True)
class Grouped:
    spec: GroupingSpec | None = None
    arrangement: Arrangement = field(default_factory=Arrangement)


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


def looked_at(cohort: Cohort, position: int, settings: SimilaritySettings) -> SimilarPatients:
    return similar_patients(cohort, OLD.apply(cohort).mask, position, settings)


def check_nobody_is_named(script: str, cohort: Cohort) -> None:
    assert not [name for name in cohort.patients.index if str(name) in script]


def test_the_nearest_patients_and_their_survival_come_out_of_the_script(cohort, folder):
    settings = SimilaritySettings(15, 0.3, ("age_years", "hb_g_per_l", "sex"))
    selection = OLD.apply(cohort)
    found = looked_at(cohort, 7, settings)
    assert found.compared < selection.n - 1, "nobody was left out: the case is too easy"
    everyone = np.ones(cohort.n, dtype=bool)
    nearest = np.isin(np.arange(cohort.n), found.neighbours)
    grouping = selection_against_rest(found.neighbours, everyone, "Nearest", label="likeness")
    (curve,) = survival_by_group(cohort, nearest, "os", only_groups(grouping, ["Nearest"])).drawn
    km = curve.km
    assert km is not None
    script = similar_script(found, "os", cohort, OLD)
    check_nobody_is_named(script, cohort)
    said = run(script, folder)
    assert "Note:" not in said
    assert f"{selection.n} of {cohort.n} patients selected" in said
    for sentence in similarity_reading(cohort, found):
        assert sentence in said
    assert shared_table(cohort, selection.mask, found).to_string(index=False) in said
    table = neighbour_table(cohort, found, "os", "years")
    assert table.to_string(index=False, float_format=DECIMALS) in said
    assert f"\n{curve.n} analysed\n" in said
    assert f"\nmedian {km.median} ({km.median_ci[0]} to {km.median_ci[1]}) months\n" in said
    assert km.table.to_string(index=False, float_format=DECIMALS) in said


def test_without_an_endpoint_the_script_tells_who_is_nearest_and_no_more(folder):
    name = "no_outcome.csv"
    patients().drop(columns=["os_months", "os_event", "transplant_months"]).to_csv(
        folder / name, index=False
    )
    cohort = load_cohort(folder / name)
    found = looked_at(cohort, 0, SimilaritySettings())
    script = similar_script(found, None, cohort, OLD)
    check_nobody_is_named(script, cohort)
    assert "kaplan_meier" not in script
    said = run(script, folder)
    table = neighbour_table(cohort, found, None, "years")
    assert said.endswith(table.to_string(index=False, float_format=DECIMALS) + "\n")


def test_the_lanes_of_the_swimmer_plot_come_out_of_the_script(cohort, folder):
    settings = SwimmerSettings("variable:hb_g_per_l", reverse=True, lanes=20, page=1)
    spec = GroupingSpec.parse("variable:diagnosis")
    turned = Arrangement.from_dict({"names": {"PMF": "Fibrosis"}})
    selection, found = OLD.apply(cohort), histories(cohort)
    assert found is not None
    assert found.milestones, "without an event between start and end the case is too easy"
    grouping = arranged(spec.build(cohort, selection.mask), turned)
    drawn = swimmer(cohort, selection.mask, found, grouping, settings)
    script = swimmer_script(settings, cohort, OLD, Grouped(spec, turned))
    check_nobody_is_named(script, cohort)
    said = run(script, folder)
    assert drawn.without > 0
    assert f"\n20 of {drawn.total} lanes, {drawn.without} without follow-up\n" in said
    assert "Fibrosis" in said
    assert said.endswith(drawn.table().to_string(index=False, float_format=DECIMALS) + "\n")


def test_lanes_without_groups_come_out_of_the_script(cohort, folder):
    found = histories(cohort)
    assert found is not None
    drawn = swimmer(cohort, np.ones(cohort.n, dtype=bool), found)
    said = run(swimmer_script(SwimmerSettings(), cohort, Filter(), Grouped()), folder)
    assert said.endswith(drawn.table().to_string(index=False, float_format=DECIMALS) + "\n")
