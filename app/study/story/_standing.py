"""A story opened beside the cohorts at hand: which of its steps stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from app.cohort.derived import DerivedError, derived_as
from app.cohort.groupings import SAVED
from app.study.analyses import ANALYSES, answer_alone, answer_to
from app.study.question import OTHER, Question, Second
from app.study.story._story import Step, Story
from app.study.wording import mid_sentence
from data_loaders import Cohort, load_cohort
from data_loaders.loading import is_everybodys

State = Literal["fine", "changed", "broken", "missing"]


@dataclass(frozen=True)
class Standing:
    """Whether a step can be answered here.

    Attributes
    ----------
    state
        ``fine``; ``changed``: the cohort is another than it was, and the step can still be
        answered; ``broken``: it cannot; ``missing``: there is no such cohort.
    said
        The sentence for the user; empty where all is fine.
    question
        The question to ask here, of the cohort as it is here; None where there is none.
    """

    step: Step
    state: State
    said: str = ""
    question: Question | None = None


def opened(
    story: Story,
    cohorts: Mapping[str, Cohort],
    answer: Callable[[Question, Cohort], object] | None = None,
) -> tuple[Standing, ...]:
    """What of a story stands, step by step.

    A cohort is found by its key, or under another key by its fingerprint. Steps of a cohort that
    changed are computed, to say which of them can still be answered. A second cohort that a step
    is put to counts as the first does; one that everybody has need not be at hand.

    Parameters
    ----------
    cohorts
        The cohorts at hand by key.
    answer
        Answers a question of a cohort that changed, or finds that it cannot be answered; None to
        answer from scratch.
    """
    cohorts = _with_seconds(story, cohorts)
    answer = answer or partial(answer_to, load=cohorts.__getitem__)
    return tuple(_standing(step, cohorts, answer) for step in story.steps)


def _with_seconds(story: Story, cohorts: Mapping[str, Cohort]) -> Mapping[str, Cohort]:
    """The cohorts at hand, and second ones that everybody has."""
    seconds = [step.question.second for step in story.steps]
    wanted = {second.key for second in seconds if second is not None}
    wanted = {key for key in wanted - set(cohorts) if is_everybodys(key)}
    return {**cohorts, **{key: load_cohort(key) for key in wanted}}


def _standing(
    step: Step,
    cohorts: Mapping[str, Cohort],
    answer: Callable[[Question, Cohort], object],
) -> Standing:
    asked = step.question
    if asked.analysis not in ANALYSES:
        return Standing(step, "broken", f"This version has no analysis “{asked.analysis}”.")
    if asked.of_no_cohort:
        try:
            answer_alone(asked)
        except (ValueError, KeyError, TypeError) as error:
            return Standing(step, "broken", f"The step is lost: {error}")
        return Standing(step, "fine", question=asked)
    key = _found(asked, cohorts)
    if key is None:
        return Standing(
            step, "missing",
            f"The cohort of this step ({asked.cohort}) is not here: load it on the Data page.",
        )  # fmt: skip
    second = asked.second
    other = None if second is None else _found(second, cohorts)
    if second is not None and other is None:
        return Standing(
            step, "missing",
            f"The second cohort of this step ({second.key}) is not here: load it on the Data page.",
        )  # fmt: skip
    try:
        # The step says what is derived, whatever else the session derived of this cohort.
        cohort = derived_as(cohorts[key], asked.derived)
        there = None if second is None or other is None else _as_named(second, cohorts[other])
    except DerivedError as error:
        return Standing(step, "broken", f"The cohort has changed, and the step is lost: {error}")
    here = replace(asked, cohort=key, fingerprint=cohort.fingerprint)
    changed = ["The cohort"] if cohort.fingerprint != asked.fingerprint else []
    if second is not None and other is not None and there is not None:
        now = replace(second, key=other, fingerprint=there.fingerprint)
        here = replace(here, settings={**asked.settings, OTHER: now.to_dict()})
        # A step from before this was noted does not know what its second cohort held.
        if second.fingerprint not in ("", there.fingerprint):
            changed.append(f"The second cohort, {there.name},")
    lost = _groups_lost(here)
    if lost:
        return Standing(
            step, "broken",
            f"The groups saved as “{lost}” are not in this story, as its file names no patients of "
            f"an own cohort: add the step again.",
        )  # fmt: skip
    if not changed:
        return Standing(step, "fine", question=here)
    who = " and ".join([changed[0], *(mid_sentence(one) for one in changed[1:])])
    who = f"{who} {'have' if changed[1:] else 'has'} changed"
    try:
        answer(here, cohort)
    except (ValueError, KeyError, TypeError) as error:
        why = str(error) if isinstance(error, ValueError) else "something it names is gone."
        return Standing(step, "broken", f"{who}, and the step is lost: {why}")
    said = f"{who} since: the step is computed from what is here now."
    return Standing(step, "changed", said, here)


def _groups_lost(asked: Question) -> str:
    """The name of saved groups that a question is put of and that it does not hold."""
    grouping, second = asked.grouping, asked.second
    if grouping is None or grouping.kind != SAVED:
        return ""
    held = grouping.name in asked.saved and (second is None or grouping.name in second.groups)
    return "" if held else str(grouping.name)


def _as_named(asked: Question | Second, cohort: Cohort) -> Cohort:
    """A cohort with what is derived of it; of a second one of which nothing is known as it is."""
    return derived_as(cohort, asked.derived) if asked.fingerprint else cohort


def _found(asked: Question | Second, cohorts: Mapping[str, Cohort]) -> str | None:
    """Key of the cohort asked about, or of the one that it is under another key."""
    named = asked.cohort if isinstance(asked, Question) else asked.key
    if named in cohorts:
        return named
    for key, cohort in cohorts.items():
        with suppress(DerivedError):
            if derived_as(cohort, asked.derived).fingerprint == asked.fingerprint:
                return key
    return None
