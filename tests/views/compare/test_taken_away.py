"""Scripts and methods of the compare page: run, they give the page's numbers; lists stay out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from app.analysis.associations import TableOne, describable, table_one
from app.analysis.transplant import EmulationSettings
from app.cohort.filters import Filter
from app.cohort.groupings import Arrangement, Grouping, GroupingSpec, filters_from_text, only_groups
from app.study.question import Question
from app.study.scripts.question import question_script
from app.views.compare.analysis import clinical_differences, enrichment, made_of
from app.views.compare.match import match_cohorts
from app.views.compare.overlap import exclusive_groups
from app.views.compare.script import comparison_script
from app.views.compare.two_cohorts.analysis import (
    clinical_replication,
    hazards_reading,
    replication,
)
from app.views.compare.two_cohorts.script import cohorts_script
from app.views.compare.words_methods import cohorts_methods, comparison_methods
from app.views.genomics.frequencies.analysis import group_frequencies
from app.views.survival.curves.analysis import GroupSurvival, survival_by_group
from app.views.transplant.defaults import suggest
from app.views.transplant.script import transplant_script
from data_loaders import Cohort, load_cohort
from tests.study.reproduce import run

KINDS = ("gene", "cytogenetic")


@dataclass(frozen=True)
class Asked:
    """What the page was asked to compare."""

    cohort: Cohort
    spec: GroupingSpec
    picked: tuple[str, ...] = ()
    exclusive: bool = False
    endpoint: str = "os"
    arrangement: Arrangement = field(default_factory=Arrangement)

    @property
    def made_of(self) -> set[str]:
        return made_of(self.cohort, self.spec)

    @property
    def variables(self) -> list[str]:
        return [name for name in describable(self.cohort) if name != self.spec.name]

    def grouping(self) -> Grouping:
        if self.exclusive:
            return exclusive_groups(self.cohort, filters_from_text(self.spec.name))
        whole = self.spec.build(self.cohort)
        return only_groups(whole, self.picked) if self.picked else whole


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return load_cohort("demo:mpn")


@pytest.fixture(scope="module")
def listed(cohort: Cohort) -> tuple[str, ...]:
    """A list as somebody pastes it: every fifth patient."""
    return tuple(str(name) for name in cohort.patients.index[::5])


@pytest.fixture(scope="module")
def lists(listed: tuple[str, ...]) -> GroupingSpec:
    """The list against everyone else, as the page makes it of one list."""
    inside = {"patients": list(listed)}
    return GroupingSpec.of_filters(
        {
            "Responders": Filter.from_dict({"all": [inside]}),
            "Everyone else": Filter.from_dict({"all": [{"not": inside}]}),
        }
    )


def numbers(text: str) -> list[float]:
    return [float(word) for word in re.findall(r"(?<![\w.])-?\d+\.?\d*(?:e-?\d+)?", text)]


def check_printed(printed: str, asked: Asked, chosen: Filter) -> None:
    """Every p-value and count of the page's results stands in what the script prints."""
    cohort, mask, grouping = asked.cohort, chosen.apply(asked.cohort).mask, asked.grouping()
    assert "Note:" not in printed
    table, survival = compared(asked, chosen)
    ranked = clinical_differences(table)
    found = group_frequencies(cohort, mask, KINDS, grouping=grouping)
    contrast = enrichment(found, next(iter(found.groups)), asked.made_of).table
    held = np.sort(numbers(printed))
    assert survival.p_value is not None
    for value in [
        *ranked["p_value"].dropna(), *ranked["smd"].dropna(), *contrast["p_value"].dropna(),
        *contrast["altered"], survival.p_value,
    ]:  # fmt: skip
        near = held[np.abs(held - value) <= 1e-9 * abs(value) + 1e-300]
        assert len(near), value
    for name, size in zip(table.names, table.sizes, strict=True):
        assert re.search(rf"{re.escape(name)}\s+{size}\s", printed), (name, size)


def compared(asked: Asked, chosen: Filter) -> tuple[TableOne, GroupSurvival]:
    mask, grouping = chosen.apply(asked.cohort).mask, asked.grouping()
    table = table_one(asked.cohort, grouping, mask, variables=asked.variables)
    return table, survival_by_group(asked.cohort, mask, asked.endpoint, grouping)


def test_the_script_of_two_picked_groups_prints_the_pages_numbers(cohort: Cohort, tmp_path: Path):
    spec = GroupingSpec.parse("variable:driver")
    asked = Asked(cohort, spec, picked=("CALR", "Triple-negative"))
    chosen = Filter.from_dict({"column": "diagnosis", "in": ["MF"]})
    script = comparison_script(cohort, chosen, asked, KINDS)
    check_printed(run(script, tmp_path), asked, chosen)


def test_a_script_reads_a_list_of_patients_from_a_file_and_holds_none_of_them(
    cohort: Cohort, lists: GroupingSpec, listed: tuple[str, ...], tmp_path: Path
):
    asked = Asked(cohort, lists, exclusive=True)
    script = comparison_script(cohort, Filter(), asked, KINDS)
    assert not any(name in script for name in listed)
    assert f"# group_1.txt holds the identifiers of {len(listed)} patients, one a line." in script
    assert "group_2" not in script, "the list and its opposite are one file"
    (tmp_path / "group_1.txt").write_text("\n".join(listed) + "\n", encoding="utf-8")
    check_printed(run(script, tmp_path), asked, Filter())


def test_no_export_names_the_patients_of_a_list(
    cohort: Cohort, lists: GroupingSpec, listed: tuple[str, ...]
):
    few = Filter.from_dict({"all": [{"patients": list(listed)}]})
    selection = few.apply(cohort)
    asked = Asked(cohort, lists, exclusive=True)
    table, survival = compared(asked, Filter())
    asked_too = [
        Question("upload:abc", cohort.fingerprint, key, few, lists, settings=settings)
        for key, settings in (
            ("survival.curves", {"endpoint_key": "os"}),
            ("genomics.frequencies", {"kinds": KINDS}),
        )
    ]
    texts = [
        comparison_script(cohort, few, asked, KINDS),
        comparison_methods(table, None, survival, selection),
        *(question_script(question, cohort, "View") for question in asked_too),
        asked.grouping().note,
        selection.sentence,
    ]
    for text in texts:
        assert text
        assert not any(name in text for name in listed)


def test_the_script_of_a_trial_reads_who_is_eligible_from_a_file():
    cohort = load_cohort("demo:mds")
    listed = [str(name) for name in cohort.patients.index[::2]]
    few = Filter.from_dict({"all": [{"patients": listed}]})
    suggested = suggest(cohort, few)
    assert suggested is not None
    script = transplant_script(cohort, suggested.trial, EmulationSettings(horizon=60))
    assert "Path('selected_1.txt')" in script
    assert not any(name in script for name in listed)


# Two cohorts -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """The question in one cohort."""

    cohort: Cohort
    filter: Filter
    spec: GroupingSpec

    @property
    def made_of(self) -> set[str]:
        return made_of(self.cohort, self.spec)

    @property
    def kinds(self) -> list[str]:
        return list(KINDS)


@dataclass(frozen=True)
class Both:
    """The question in two cohorts."""

    sides: tuple[Side, Side]
    variables: dict[str, str]
    groups: tuple[str, ...]
    endpoint: str = "os"
    exclusive: bool = False
    arrangement: Arrangement = field(default_factory=Arrangement)
    same: dict[str, str] = field(default_factory=dict)


def test_the_script_of_two_cohorts_prints_the_numbers_of_both(tmp_path: Path):
    cohorts = [load_cohort(key) for key in ("demo:mds", "demo:aml")]
    spec = GroupingSpec.parse("alteration:TP53")
    old = Filter.from_dict({"column": "age_years", "between": [50, None]})
    matching = match_cohorts(*cohorts)
    groups = ("TP53 mutated", "TP53 wild type")
    both = Both(
        (Side(cohorts[0], old, spec), Side(cohorts[1], matching.filter(old), spec)),
        {"age_years": "age_years", "sex": "sex"},
        groups,
    )
    printed = run(cohorts_script(both, 60.0), tmp_path)
    survival, tables, found = [], [], []
    for cohort in cohorts:
        mask, grouping = old.apply(cohort).mask, only_groups(spec.build(cohort), groups)
        tables.append(table_one(cohort, grouping, mask, variables=list(both.variables)))
        counts = group_frequencies(cohort, mask, KINDS, grouping=grouping)
        found.append(enrichment(counts, groups[0], made_of(cohort, spec)))
        survival.append(survival_by_group(cohort, mask, "os", grouping, limit=60.0))
    held = np.array(numbers(printed))
    clinical = clinical_replication(*tables, both.variables)
    alterations = replication(*found, matching.alterations)
    assert len(alterations) > 5
    for column in ("p_value_1", "p_value_2"):
        for value in [*clinical[column], *alterations[column]]:
            assert (np.abs(held - value) <= 1e-9 * abs(value)).any(), value
    assert hazards_reading(*survival, [cohort.name for cohort in cohorts]) in printed
    methods = cohorts_methods(
        [(old.apply(c), only_groups(spec.build(c), groups)) for c in cohorts],
        (survival[0], survival[1]), (2, len(alterations)),
    )  # fmt: skip
    for part in ("MDS demo", "AML demo", "Hedges & Olkin", f"{len(alterations)} alterations"):
        assert part in methods, part
