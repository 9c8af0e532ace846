"""Scripts and methods of the compare page: run, they give the page's numbers; lists stay out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.analysis.transplant import EmulationSettings
from app.cohort.filters import Filter
from app.cohort.groupings import COMBINATIONS, SAVED, GroupingSpec, only_groups, saved_to_json
from app.study.analyses import answer_to
from app.study.answer import methods_text
from app.study.figures.theme import title_of
from app.study.question import Question
from app.study.scripts.parts import GROUPS_FILE, GROUPS_OF_OTHER_FILE
from app.study.scripts.question import question_script
from app.views.compare.two_cohorts.analysis import compare_cohorts, hazards_reading
from app.views.compare.two_cohorts.answer import cohorts_answer
from app.views.compare.two_cohorts.asking import AskedInBoth
from app.views.compare.two_cohorts.script import cohorts_script
from app.views.survival.curves.analysis import survival_by_group
from app.views.transplant.defaults import suggest
from app.views.transplant.script import transplant_script
from data_loaders import Cohort, load_cohort
from tests.study.reproduce import check_tables, run

EVERYONE = Filter()


def asked(
    cohort: Cohort, grouping: GroupingSpec, chosen: Filter = EVERYONE, **settings: Any
) -> Question:
    """What the page was asked to compare."""
    return Question(
        "demo:mpn", cohort.fingerprint, "compare.groups", chosen, grouping,
        settings={"endpoint_key": "os", **settings},
    )  # fmt: skip


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
        },
        COMBINATIONS,
    )


def test_the_script_of_two_picked_groups_prints_the_pages_numbers(cohort: Cohort, tmp_path: Path):
    question = asked(
        cohort,
        GroupingSpec.parse("variable:driver"),
        Filter.from_dict({"column": "diagnosis", "in": ["MF"]}),
        groups=("CALR", "Triple-negative"),
    )
    answer = answer_to(question, cohort)
    assert list(answer.figures) == [
        "Clinical", "Survival", "Alterations", "Frequencies", "Sizes",
    ]  # fmt: skip
    assert set(answer.tables()) == {
        "Clinical", "Clinical numbers", "Alterations", "Survival", "Tests", "Curves",
    }  # fmt: skip
    assert "driver" not in answer.tables()["Clinical"]["variable"].tolist()
    check_tables(run(question_script(question, cohort, answer.title), tmp_path), answer)


def test_a_script_reads_a_list_of_patients_from_a_file_and_holds_none_of_them(
    cohort: Cohort, lists: GroupingSpec, listed: tuple[str, ...], tmp_path: Path
):
    question = asked(cohort, lists)
    script = question_script(question, cohort, "Compared")
    assert not any(name in script for name in listed)
    assert f"# group_1.txt holds the identifiers of {len(listed)} patients, one a line." in script
    assert "group_2" not in script, "the list and its opposite are one file"
    (tmp_path / "group_1.txt").write_text("\n".join(listed) + "\n", encoding="utf-8")
    check_tables(run(script, tmp_path), answer_to(question, cohort))


def test_no_export_names_the_patients_of_a_list(
    cohort: Cohort, lists: GroupingSpec, listed: tuple[str, ...]
):
    few = Filter.from_dict({"all": [{"patients": list(listed)}]})
    selection = few.apply(cohort)
    question = asked(cohort, lists)
    narrowed = replace(question, filter=few)
    asked_too = [
        Question("upload:abc", cohort.fingerprint, key, few, lists, settings=settings)
        for key, settings in (
            ("survival.curves", {"endpoint_key": "os"}),
            ("genomics.frequencies", {"kinds": ("gene", "cytogenetic")}),
        )
    ]
    texts = [
        *(question_script(one, cohort, "View") for one in [*asked_too, narrowed]),
        methods_text(answer_to(question, cohort), Filter().apply(cohort)),
        lists.build(cohort).note,
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


def test_what_groups_are_made_of_is_a_question_whose_script_finds_it_again(
    cohort: Cohort, tmp_path: Path
):
    fibrosis = Filter.from_dict({"column": "diagnosis", "in": ["MF"]})
    question = Question(
        "demo:mpn", cohort.fingerprint, "compare.composed", fibrosis,
        GroupingSpec.parse("variable:driver"),
        settings={"groups": ("JAK2", "CALR"), "quality": "preview", "names": {"CALR": "Mine"}},
    )  # fmt: skip
    answer = answer_to(question, cohort)
    chosen = fibrosis.apply(cohort).mask
    driver = cohort.patients["driver"].to_numpy()
    sizes = answer.numbers().groupby("group")["of"].first()
    assert dict(sizes) == {name: int((chosen & (driver == name)).sum()) for name in sizes.index}
    told = answer.accounting
    assert told.analysed == sizes.sum() == told.selected - sum(told.left_out.values())
    assert answer.title == f"Genomic subgroups: JAK2 and CALR, {sizes.sum()} patients"
    parts = {*answer.numbers()["part"]}
    assert "Mine" in parts
    assert "CALR" not in parts
    check_tables(run(question_script(question, cohort, answer.title), tmp_path), answer)


# Two cohorts -------------------------------------------------------------------------------------


def test_the_script_of_two_cohorts_prints_the_numbers_of_both(tmp_path: Path):
    cohorts = [load_cohort(key) for key in ("demo:mds", "demo:aml")]
    spec = GroupingSpec.parse("alteration:TP53")
    old = Filter.from_dict({"column": "age_years", "between": [50, None]})
    groups = ("TP53 mutated", "TP53 wild type")
    first, second = cohorts
    settings = {"endpoint_key": "os"}
    result = compare_cohorts(
        (old.apply(first), old.apply(second)),
        (only_groups(spec.build(first), groups), only_groups(spec.build(second), groups)),
        **settings,
    )
    answer = cohorts_answer(result)
    printed = run(
        cohorts_script(result, AskedInBoth((old, old), (spec, spec), settings=settings)), tmp_path
    )
    check_tables(printed, answer)
    assert list(answer.figures) == ["Survival 1", "Survival 2", "Clinical", "Alterations"]
    assert len(result.alterations) > 5
    assert result.survival is not None
    assert hazards_reading(*result.survival, result.names) in printed
    methods = methods_text(answer, result.selections[0])
    for part in (
        "MDS demo",
        "AML demo",
        "Hedges & Olkin",
        f"{len(result.alterations)} alterations",
    ):
        assert part in methods, part


def test_groups_saved_of_either_cohort_are_read_from_a_file_each(tmp_path: Path):
    cohorts = [load_cohort(key) for key in ("demo:mds", "demo:aml")]
    by, saved = GroupingSpec.parse("cut:age_years@60"), GroupingSpec(SAVED, "By age")
    for cohort, file in zip(cohorts, (GROUPS_FILE, GROUPS_OF_OTHER_FILE), strict=True):
        (tmp_path / file).write_bytes(saved_to_json(cohort, {"By age": by.build(cohort)}))
    sides, groupings = zip(
        *((EVERYONE.apply(cohort), by.build(cohort)) for cohort in cohorts), strict=True
    )
    settings = {"endpoint_key": "os"}
    result = compare_cohorts(sides, groupings, **settings)
    script = cohorts_script(
        result, AskedInBoth((EVERYONE, EVERYONE), (saved, saved), settings=settings)
    )
    assert [script.count(f"Path({file!r})") for file in (GROUPS_FILE, GROUPS_OF_OTHER_FILE)] == [
        1,
        1,
    ]
    check_tables(run(script, tmp_path), cohorts_answer(result))


def test_the_same_groups_in_two_cohorts_are_a_question_of_plain_data(tmp_path: Path):
    ours, theirs = load_cohort("demo:mds"), load_cohort("demo:aml")
    spec = GroupingSpec.parse("alteration:TP53")
    settings = {"other": "demo:aml", "where": "{}", "by": str(spec), "endpoint_key": "os"}
    question = Question(
        "demo:mds", ours.fingerprint, "compare.cohorts", grouping=spec, settings=settings
    )
    assert Question.from_dict(json.loads(json.dumps(question.to_dict()))) == question
    told = answer_to(question, ours)
    for place, cohort in enumerate((ours, theirs), start=1):
        grouped = survival_by_group(
            cohort, np.ones(cohort.n, dtype=bool), "os", spec.build(cohort), limit=None
        )
        assert f"{grouped.analysed:,} patients" in title_of(told.figures[f"Survival {place}"]())
    check_tables(run(question_script(question, ours, told.title), tmp_path), told)
    gone = replace(question, settings={**settings, "other": "upload:gone"})
    with pytest.raises(ValueError, match="is not here: load it on the Data page"):
        answer_to(gone, ours)
