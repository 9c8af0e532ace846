"""A Story: an ordered list of questions, each with what is said of it and what the speaker notes.

It holds no result and no patient: its steps are answered anew by whoever has the cohort.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.study.answer import Answer
from app.study.figures.theme import title_of
from app.study.question import Question

STORY_FILE = ".calr-story.json"
MOST_STEPS = 100
_VERSION, _MARK = 1, "calr_story"
_LONGEST = 2_000
# What is said of one patient stays on that patient's page.
_OF_ONE_PATIENT = "patient."


class StoryError(ValueError):
    """A story that cannot be read, or a step that cannot be in one; a sentence for the user."""


@dataclass(frozen=True)
class Step:
    """One question of a story.

    Parameters
    ----------
    caption
        The one sentence that stands beside the figure; empty for the answer's own.
    note
        For the speaker alone.
    section
        The heading that this step and those after it, with the same one, stand under.
    figure
        Which of the answer's figures, by its name; empty for the first.
    address
        The page that shows it, without the host: ``survival?cohort=demo:mpn&group=...``; empty
        where it is not known.
    view
        The settings of that page by the keys of its controls, cohort and filter aside, as plain
        data: what brings a session back to it.

    Raises
    ------
    StoryError
        If the question is about single patients, a text is longer than 2,000 letters, or the
        address or the view is none.
    """

    question: Question
    caption: str = ""
    note: str = ""
    section: str = ""
    figure: str = ""
    address: str = ""
    view: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.question.analysis.startswith(_OF_ONE_PATIENT):
            raise StoryError(
                "A story shows groups: the course of a single patient stays on its own page."
            )
        if not _ADDRESS.fullmatch(self.address):
            raise StoryError("The address of a step is a page of this app and its settings.")
        if not all(_SETTING.fullmatch(name) and _is_plain(v) for name, v in self.view.items()):
            raise StoryError("The settings of a step's page are damaged.")
        if max(map(len, (self.caption, self.note, self.section))) > _LONGEST:
            raise StoryError(f"A caption or note has at most {_LONGEST:,} letters: shorten it.")

    def to_dict(self, *, whole: bool = False) -> dict[str, Any]:
        """The step as plain data for JSON; what is empty is left out.

        Parameters
        ----------
        whole
            As of :meth:`Question.to_dict`.

        Raises
        ------
        QuestionError
            If its question lists patients of a cohort that not everybody has.
        """
        texts = {name: getattr(self, name) for name in _TEXTS if getattr(self, name)}
        view = {"view": dict(self.view)} if self.view else {}
        return {"question": self.question.to_dict(whole=whole), **texts, **view}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Step:
        """Read a step from plain data."""
        texts = {name: data.get(name, "") for name in _TEXTS}
        view = data.get("view", {})
        if not (all(isinstance(text, str) for text in texts.values()) and isinstance(view, dict)):
            raise TypeError("Captions, notes, sections and figures are texts.")
        return cls(Question.from_dict(data["question"]), **texts, view=view)


# A page of this app, never another host or a script; a control's key, never what a session keeps.
_ADDRESS = re.compile(r"|[a-z_]*(\?[^\s<>\"]*)?")
_SETTING = re.compile(r"[a-z]\w*")
_TEXTS = ("caption", "note", "section", "figure", "address")


@dataclass(frozen=True)
class Story:
    """Steps in order, under a title; every change makes another story."""

    title: str = "My story"
    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        if len(self.steps) > MOST_STEPS:
            raise StoryError(f"A story has at most {MOST_STEPS} steps: save this one, begin anew.")
        object.__setattr__(self, "steps", tuple(self.steps))

    def with_step(self, step: Step, at: int | None = None) -> Story:
        """The story with a step more, at the end or before position ``at``."""
        at = len(self.steps) if at is None else at
        return replace(self, steps=(*self.steps[:at], step, *self.steps[at:]))

    def without(self, at: int) -> Story:
        """The story without one of its steps."""
        return replace(self, steps=self.steps[:at] + self.steps[at + 1 :])

    def moved(self, at: int, to: int) -> Story:
        """The story with a step moved to another position, at most to its ends."""
        to = min(max(to, 0), len(self.steps) - 1)
        return self.without(at).with_step(self.steps[at], to)

    def edited(self, at: int, **changes: Any) -> Story:
        """The story with other texts in a step: ``caption``, ``note``, ``section``, ``figure``."""
        return self.without(at).with_step(replace(self.steps[at], **changes), at)

    def duplicated(self, at: int) -> Story:
        """The story with a step twice, the second after the first."""
        return self.with_step(self.steps[at], at + 1)

    def to_dict(self, *, whole: bool = False) -> dict[str, Any]:
        """The story as plain data for JSON: questions, no patients.

        Parameters
        ----------
        whole
            As of :meth:`Question.to_dict`.

        Raises
        ------
        QuestionError
            If a question lists patients of a cohort that not everybody has.
        """
        steps = [step.to_dict(whole=whole) for step in self.steps]
        return {_MARK: _VERSION, "title": self.title, "steps": steps}

    def to_json(self) -> str:
        """The content of a story's file."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Story:
        """Read a story from plain data.

        Raises
        ------
        StoryError
            If it is no story, or a step is not one; the sentence says which.
        """
        version = data.get(_MARK) if isinstance(data, Mapping) else None
        if version is None:
            raise StoryError(f"This is no story: a file that ends in {STORY_FILE} holds one.")
        if version != _VERSION:
            raise StoryError("This story was written by another version, which can open it.")
        title, steps = data.get("title", ""), data.get("steps", ())
        if not (isinstance(title, str) and isinstance(steps, list | tuple)):
            raise StoryError("The story's title or its list of steps is damaged.")
        return cls(title or "My story", tuple(_step(*numbered) for numbered in enumerate(steps, 1)))

    @classmethod
    def from_json(cls, text: str | bytes) -> Story:
        """Read the content of a story's file.

        Raises
        ------
        StoryError
            If it is no story.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise StoryError("The file is damaged: it is not JSON.") from error
        return cls.from_dict(data)


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return isinstance(value, str | bool | int | float)


def _step(number: int, data: Any) -> Step:
    try:
        return Step.from_dict(data)
    except ValueError as error:
        raise StoryError(f"Step {number} cannot be read: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise StoryError(f"Step {number} is damaged: it holds no question.") from error


def caption_from(answer: Answer, figure: str = "") -> str:
    """The caption of a step that nobody has written: the answer's title and first sentence.

    Parameters
    ----------
    figure
        Which of the answer's figures, where it is not the first: its own title then.
    """
    if figure and (title := title_of(answer.figures[figure]())):
        return title
    first = next(iter(answer.sentences), "").replace("**", "")
    return f"{answer.title}. {first}".strip()
