"""A story answered: what slides, handouts and bundles are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import plotly.graph_objects as go

from app.cohort.derived import derived_as
from app.cohort.filters import Selection
from app.study.analyses import answer_to, as_asked
from app.study.answer import Answer
from app.study.question import Question
from app.study.story._standing import Standing, opened
from app.study.story._story import Step, Story
from data_loaders import Cohort, load_cohort

_EVERYBODYS = ("demo:", "catalogue:")


@dataclass(frozen=True, eq=False)
class Answered:
    """A step with its answer.

    Attributes
    ----------
    standing
        What of the step stands on the cohorts at hand.
    answer, selection
        Its answer, and the patients that it is of; None where it cannot be answered.
    said
        Why not, or that the cohort has changed; empty where all is fine.
    """

    standing: Standing
    answer: Answer | None
    selection: Selection | None
    said: str

    @property
    def step(self) -> Step:
        """The step as the story holds it."""
        return self.standing.step

    def figure(self) -> go.Figure:
        """The answer's figure that the step shows."""
        assert self.answer is not None  # noqa: S101  (its caller has looked)
        named = self.answer.figures.get(self.step.figure)
        return self.answer.figure if named is None else named()


def answered(
    story: Story,
    cohorts: Mapping[str, Cohort] | None = None,
    answer: Callable[[Question, Cohort], Answer] = answer_to,
) -> tuple[Answered, ...]:
    """The steps of a story with their answers.

    Parameters
    ----------
    cohorts
        The cohorts at hand by key; None for those that everybody has, loaded as they are named.
    answer
        Answers a question: a session gives what it remembers.
    """
    if cohorts is None:
        named = {step.question.cohort for step in story.steps}
        cohorts = {key: load_cohort(key) for key in named if key.startswith(_EVERYBODYS)}
    return tuple(_answered(one, cohorts, answer) for one in opened(story, cohorts, answer))


def _answered(
    standing: Standing,
    cohorts: Mapping[str, Cohort],
    answer: Callable[[Question, Cohort], Answer],
) -> Answered:
    question = standing.question
    if question is None:
        return Answered(standing, None, None, standing.said)
    try:
        cohort = derived_as(cohorts[question.cohort], question.derived)
        found = answer(question, cohort)
    except ValueError as error:  # a sentence for the user
        return Answered(standing, None, None, str(error))
    except (KeyError, TypeError):
        return Answered(standing, None, None, "This step asks what is not here.")
    selection = question.filter.apply(as_asked(question, cohort))
    return Answered(standing, found, selection, standing.said)
