"""Stories: edits, files, refusals, demo stories, and what stands where a cohort changed."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.study.analyses import answer_to
from app.study.figures.theme import title_of
from app.study.question import Question, QuestionError, Second
from app.study.story import (
    Standing,
    Step,
    Story,
    StoryError,
    answered,
    caption_from,
    demo_story,
    opened,
)
from app.views.survival.curves.analysis import survival_by_group
from app.views.transplant.defaults import suggest
from app.views.transplant.protocol.trial import TargetTrial
from data_loaders import Cohort, load_cohort
from data_loaders.demo import DEMO_COHORTS

DEMOS = tuple(f"demo:{key}" for key in DEMO_COHORTS)


@pytest.fixture(scope="module")
def cohorts() -> dict[str, Cohort]:
    return {key: load_cohort(key) for key in DEMOS}


@pytest.fixture(scope="module")
def tour(cohorts: dict[str, Cohort]) -> Story:
    return demo_story("demo:mpn", cohorts.__getitem__)


def curves(cohort: Cohort, by: str = "variable:diagnosis", key: str = "demo:mpn") -> Step:
    question = Question(
        key, cohort.fingerprint, "survival.curves", grouping=GroupingSpec.parse(by),
        settings={"endpoint_key": "os"},
    )  # fmt: skip
    return Step(question, "Who lives longest", "Breathe")


def test_edits_make_another_story_and_leave_the_first(tour: Story) -> None:
    captions = [step.caption for step in tour.steps]
    assert [s.caption for s in tour.moved(0, 2).steps] == [
        captions[1], captions[2], captions[0], *captions[3:]
    ]  # fmt: skip
    assert tour.moved(6, 99) == tour == tour.moved(0, -1)
    assert [s.caption for s in tour.duplicated(1).steps][1:3] == [captions[1]] * 2
    assert tour.without(3).steps == (*tour.steps[:3], *tour.steps[4:])
    assert tour.without(3).with_step(tour.steps[3], 3) == tour
    changed = tour.edited(2, caption="Other", note="Words")
    assert (changed.steps[2].caption, changed.steps[2].note) == ("Other", "Words")
    assert [s.caption for s in tour.steps] == captions


@pytest.mark.parametrize("key", DEMOS)
def test_demo_stories_answer_every_step_and_survive_their_file(
    key: str, cohorts: dict[str, Cohort]
) -> None:
    story = demo_story(key, cohorts.__getitem__)
    assert len(story.steps) in (7, 8)
    assert Story.from_json(story.to_json()) == story
    assert {standing.state for standing in opened(story, cohorts)} == {"fine"}
    for step in story.steps:
        if step.question.analysis == "subgroups.search":
            continue  # seconds in a process of its own: tests/e2e presents it
        answer = answer_to(step.question, cohorts[step.question.cohort])
        assert not step.figure or step.figure in answer.figures
        assert caption_from(answer).startswith(answer.title)
        assert step.caption
        assert step.note
    last = story.steps[-1]
    assert answer_to(last.question, cohorts[last.question.cohort]).cautions


def test_the_tour_says_what_its_figures_show(cohorts: dict[str, Cohort], tour: Story) -> None:
    table = answer_to(tour.steps[2].question, cohorts["demo:mpn"]).tables()["Summary"]
    assert table.set_index("Group")["Median, years"].idxmax() == "CALR"


def test_the_emulated_trial_is_the_one_that_its_page_opens_on(cohorts: dict[str, Cohort]) -> None:
    step = demo_story("demo:aml", cohorts.__getitem__).steps[6]
    suggestion = suggest(cohorts["demo:aml"], Filter())
    assert suggestion is not None
    asked = json.loads(step.question.settings["trial"])
    assert TargetTrial.from_dict(asked) == suggestion.trial
    answer = answer_to(step.question, cohorts["demo:aml"])
    assert answer.title == "Emulated trial: all eligible, 786 patients"
    assert "up to **month 61**" in answer.sentences[0]
    accounting = answer.accounting
    assert accounting.selected - sum(accounting.left_out.values()) == accounting.analysed == 786


def test_a_question_that_lists_patients_of_an_upload_is_not_written(tour: Story) -> None:
    listed = Filter.from_dict({"patients": ["MR-0001"]})
    upload = replace(curves_question(tour), cohort="upload:abc", filter=listed)
    with pytest.raises(QuestionError, match="never leaves a session"):
        tour.with_step(Step(upload)).to_json()


def curves_question(story: Story) -> Question:
    return story.steps[2].question


def test_a_story_refuses_single_patients_and_damaged_files(tour: Story) -> None:
    with pytest.raises(StoryError, match="single patient"):
        Step(replace(curves_question(tour), analysis="patient.swimmer"))
    with pytest.raises(StoryError, match="not JSON"):
        Story.from_json("{")
    with pytest.raises(StoryError, match="no story"):
        Story.from_json("[]")
    plain = tour.to_dict()
    with pytest.raises(StoryError, match="another version"):
        Story.from_dict(plain | {"calr_story": 2})
    for wrong in (
        {"address": "javascript:alert(1)"}, {"address": "//evil.org/x"},
        {"view": {"_uploads": "x"}}, {"view": {"group": {"a": 1}}},
    ):  # fmt: skip
        held = json.loads(tour.to_json())
        held["steps"][0] |= wrong
        with pytest.raises(StoryError, match="Step 1"):
            Story.from_dict(held)
    broken = json.loads(tour.to_json())
    broken["steps"][1] = {"question": {"cohort": "demo:mpn"}}
    with pytest.raises(StoryError, match="Step 2"):
        Story.from_dict(broken)
    broken["steps"][1] = 7
    with pytest.raises(StoryError, match="Step 2"):
        Story.from_dict(broken)


def test_opened_says_what_changed_what_is_lost_and_what_is_missing(
    cohorts: dict[str, Cohort],
) -> None:
    mpn = cohorts["demo:mpn"]
    story = Story("t", (curves(mpn), curves(mpn, "alteration:CALR"), curves(mpn, key="upload:x")))
    standings = opened(story, {"demo:mpn": cohorts["demo:mds"]})
    assert [s.state for s in standings] == ["changed", "broken", "missing"]
    assert standings[0].question is not None
    assert standings[0].question.fingerprint == cohorts["demo:mds"].fingerprint
    assert "upload:x" in standings[2].said
    # The same data under another key are the same cohort.
    moved = opened(story, {"upload:new": mpn})
    assert [s.state for s in moved] == ["fine"] * 3
    assert moved[0].question is not None
    assert moved[0].question.cohort == "upload:new"


def test_a_second_cohort_that_changed_or_is_missing_is_said(cohorts: dict[str, Cohort]) -> None:
    ours, theirs = cohorts["demo:mds"], cohorts["demo:aml"]
    spec = GroupingSpec.parse("alteration:TP53")
    settings = {
        "other": Second.of("upload:second", theirs).to_dict(), "where": "{}", "by": str(spec),
        "endpoint_key": "os",
    }  # fmt: skip
    question = Question(
        "demo:mds", ours.fingerprint, "compare.cohorts", grouping=spec, settings=settings
    )
    story = Story("t", (Step(question, figure="Survival 2"),))
    assert Story.from_json(story.to_json()) == story

    def stands(**seconds: Cohort) -> Standing:
        held = {f"upload:{name}": cohort for name, cohort in seconds.items()}
        return opened(story, {"demo:mds": ours, **held})[0]

    assert (stands(second=theirs).state, stands(second=theirs).said) == ("fine", "")
    gone = stands()
    assert (gone.state, gone.question) == ("missing", None)
    assert "The second cohort of this step (upload:second) is not here" in gone.said
    moved = stands(another=theirs)
    assert moved.state == "fine"
    assert moved.question is not None
    assert moved.question.second == Second.of("upload:another", theirs)
    fewer = Filter.from_dict({"column": "age_years", "between": [60, None]}).apply(theirs).cohort
    changed = stands(second=fewer)
    assert changed.state == "changed"
    assert changed.said.startswith(f"The second cohort, {theirs.name}, has changed since")
    assert changed.question is not None
    assert changed.question.key != question.key
    (told,) = answered(story, {"demo:mds": ours, "upload:second": fewer})
    assert told.answer is not None
    with_both = f"{survivors(fewer):,} patients"
    assert with_both in title_of(told.figure())
    untested = replace(fewer, alterations=fewer.alterations.drop(columns="TP53"),
                       features=fewer.features.drop(index="TP53"))  # fmt: skip
    lost = stands(second=untested)
    assert lost.state == "broken"
    assert "has changed, and the step is lost" in lost.said
    both = opened(story, {"demo:mds": theirs, "upload:second": fewer})[0]
    assert both.said.startswith(
        f"The cohort and the second cohort, {theirs.name}, have changed since"
    )
    for damaged in (7, {"cohort": "demo:aml"}):
        with pytest.raises(QuestionError, match="second cohort of this question is damaged"):
            replace(question, settings={**settings, "other": damaged})


def survivors(cohort: Cohort) -> int:
    everyone = np.ones(cohort.n, dtype=bool)
    by = GroupingSpec.parse("alteration:TP53").build(cohort)
    return survival_by_group(cohort, everyone, "os", by).analysed
