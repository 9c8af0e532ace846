"""A story opened beside the cohorts at hand: which of its steps stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from app.cohort.derived import DerivedError, derived_as
from app.study.analyses import ANALYSES, answer_to
from app.study.question import Question
from app.study.story._story import Step, Story
from data_loaders import Cohort

State = Literal["fine", "changed", "broken", "missing"]


@dataclass(frozen=True)
class Standing:
    """Whether a step can be answered here.

    Attributes
    ----------
    step
        The step as the story holds it.
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
    answer: Callable[[Question, Cohort], object] = answer_to,
) -> tuple[Standing, ...]:
    """What of a story stands, step by step.

    A cohort is found by its key, or under another key by its fingerprint. Steps of a cohort that
    changed are computed, to say which of them can still be answered.

    Parameters
    ----------
    cohorts
        The cohorts at hand by key.
    answer
        Answers a question of a cohort that changed, or finds that it cannot be answered.
    """
    return tuple(_standing(step, cohorts, answer) for step in story.steps)


def _standing(
    step: Step,
    cohorts: Mapping[str, Cohort],
    answer: Callable[[Question, Cohort], object],
) -> Standing:
    asked = step.question
    if asked.analysis not in ANALYSES:
        return Standing(step, "broken", f"This version has no analysis “{asked.analysis}”.")
    key = asked.cohort if asked.cohort in cohorts else _alike(asked, cohorts)
    if key is None:
        return Standing(
            step, "missing",
            f"The cohort of this step ({asked.cohort}) is not here: load it on the Data page.",
        )  # fmt: skip
    try:
        # The step says what is derived, whatever else the session derived of this cohort.
        cohort = derived_as(cohorts[key], asked.derived)
    except DerivedError as error:
        return Standing(step, "broken", f"The cohort has changed, and the step is lost: {error}")
    here = replace(asked, cohort=key, fingerprint=cohort.fingerprint)
    if cohort.fingerprint == asked.fingerprint:
        return Standing(step, "fine", question=here)
    try:
        answer(here, cohort)
    except (ValueError, KeyError, TypeError) as error:
        why = str(error) if isinstance(error, ValueError) else "something it names is gone."
        return Standing(step, "broken", f"The cohort has changed, and the step is lost: {why}")
    said = "The cohort has changed since: the step is computed from what it is now."
    return Standing(step, "changed", said, here)


def _alike(asked: Question, cohorts: Mapping[str, Cohort]) -> str | None:
    """Key of the cohort that is the one asked about under another key."""
    for key, cohort in cohorts.items():
        with suppress(DerivedError):
            if derived_as(cohort, asked.derived).fingerprint == asked.fingerprint:
                return key
    return None
