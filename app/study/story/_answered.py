"""A story answered: what slides, handouts and bundles are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import plotly.graph_objects as go

from app.cohort.derived import derived_as
from app.cohort.escaping import Escapes
from app.cohort.filters import Selection
from app.study.analyses import answer_alone, answer_to, as_asked, second_of
from app.study.answer import Answer
from app.study.question import Question
from app.study.story._standing import Standing, opened
from app.study.story._story import Step, Story
from data_loaders import Cohort, load_cohort
from data_loaders.loading import is_everybodys


@dataclass(frozen=True, eq=False)
class Answered:
    """A step with its answer.

    Attributes
    ----------
    standing
        What of the step stands on the cohorts at hand.
    answer, selection
        Its answer, and the patients that it is of; None where it cannot be answered, and the
        latter where it is of no cohort.
    said
        Why not, or that the cohort has changed; empty where all is fine.
    other
        The second cohort that the question is put to, where there is one.
    """

    standing: Standing
    answer: Answer | None
    selection: Selection | None
    said: str
    other: Cohort | None = None

    @property
    def cohorts(self) -> tuple[Cohort, ...]:
        """What it is told of, before the filter: none where it is not answered, else one or two."""
        first = () if self.selection is None else (self.selection.source,)
        return first if self.other is None else (*first, self.other)

    @property
    def step(self) -> Step:
        """The step as the story holds it."""
        return self.standing.step

    def escapes(self) -> Escapes:
        """The texts of its cohorts that no figure may take for markup."""
        if not self.cohorts:
            return Escapes(frozenset())
        first, *further = self.cohorts
        also = {text for cohort in further for text in Escapes.of(cohort).strings}
        return Escapes.of(first, also)

    def figure(self) -> go.Figure:
        """The answer's figure that the step shows."""
        assert self.answer is not None  # noqa: S101  (its caller has looked)
        named = self.answer.figures.get(self.step.figure)
        return self.answer.figure if named is None else named()


def answered(
    story: Story,
    cohorts: Mapping[str, Cohort] | None = None,
    answer: Callable[[Question, Cohort], Answer] | None = None,
) -> tuple[Answered, ...]:
    """The steps of a story with their answers.

    Parameters
    ----------
    cohorts
        The cohorts at hand by key; None for those that everybody has, loaded as they are named.
    answer
        Answers a question: a session gives what it remembers; None to answer from scratch.
    """
    if cohorts is None:
        named = {step.question.cohort for step in story.steps}
        cohorts = {key: load_cohort(key) for key in named if is_everybodys(key)}
    return tuple(_answered(one, cohorts, answer) for one in opened(story, cohorts, answer))


def _load(cohorts: Mapping[str, Cohort], key: str) -> Cohort:
    return cohorts[key] if key in cohorts else load_cohort(key)


def _answered(
    standing: Standing,
    cohorts: Mapping[str, Cohort],
    answer: Callable[[Question, Cohort], Answer] | None,
) -> Answered:
    question = standing.question
    if question is None:
        return Answered(standing, None, None, standing.said)
    if question.of_no_cohort:
        return Answered(standing, answer_alone(question), None, standing.said)
    try:
        cohort = derived_as(cohorts[question.cohort], question.derived)
        other = second_of(question, partial(_load, cohorts))
        answer = answer or partial(answer_to, load=partial(_load, cohorts))
        found = answer(question, cohort)
    except ValueError as error:  # a sentence for the user
        return Answered(standing, None, None, str(error))
    except (KeyError, TypeError):
        return Answered(standing, None, None, "This step asks what is not here.")
    selection = question.filter.apply(as_asked(question, cohort))
    return Answered(standing, found, selection, standing.said, other)
