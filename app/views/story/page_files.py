"""The files of a story: slides, handout, bundle. Its steps are answered once, before a click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from urllib.parse import urlsplit

import streamlit as st

from app.shell.layout import download
from app.shell.session import open_cohort
from app.shell.story.ledger import held_ledger
from app.study.answer import Answer
from app.study.files.browser import export_available
from app.study.files.tables import file_stem
from app.study.question import Question
from app.study.story import Standing, Story
from app.views.story.page_stage import answer_here, open_here
from data_loaders import Cohort
from data_loaders.loading import is_everybodys

_READY = "_story_files"
_LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104  (compared, not bound)


class _Answers:
    """The answers of a story's steps, at hand where no session is."""

    def __init__(self, found: Mapping[str, Answer | Exception]) -> None:
        self._found = found

    def __call__(self, question: Question, cohort: Cohort) -> Answer:
        del cohort
        answer = self._found[_key(question)]
        if isinstance(answer, Exception):
            raise answer
        return answer


def _key(question: Question) -> str:
    return f"{question.key} {sorted(question.shown.items())}"


def draw_files(story: Story, standings: Sequence[Standing]) -> None:
    """Get the answers ready, then offer the files."""
    with st.container(border=True, key="story_files"):
        row = st.container(horizontal=True, vertical_alignment="center")
        held, answers, cohorts = st.session_state.get(_READY, (None, None, {}))
        if row.button(
            "Get files ready" if held is None else "Get files ready again",
            key="story_files_ready", icon=":material/draft:",
        ):  # fmt: skip
            answers, cohorts = _answered(standings)
            held = story
            st.session_state[_READY] = (held, answers, cohorts)
        if held != story or answers is None:
            row.caption("Slides for PowerPoint, a handout on A4, a bundle for a reviewer.")
            return
        _offer(row, story, answers, cohorts)


def _answered(standings: Sequence[Standing]) -> tuple[_Answers, dict[str, Cohort]]:
    found = dict[str, Answer | Exception]()
    cohorts = dict[str, Cohort]()
    for standing in standings:
        question = standing.question
        if question is None or question.of_no_cohort:
            continue
        cohort = cohorts.setdefault(question.cohort, open_cohort(question.cohort))
        second = question.second
        try:
            if second is not None:
                cohorts.setdefault(second.key, open_here(second.key))
            found[_key(question)] = answer_here(question, cohort)
        except (ValueError, KeyError, TypeError) as error:
            found[_key(question)] = error
    return _Answers(found), cohorts


def _offer(
    row: st.delta_generator.DeltaGenerator,
    story: Story,
    answers: _Answers,
    cohorts: Mapping[str, Cohort],
) -> None:
    given = {"cohorts": cohorts, "answer": answers}
    stem = file_stem(
        story.title,
        synthetic=any(cohort.provenance.synthetic for cohort in cohorts.values()),
    )
    template, own = _options(cohorts)
    ledger = held_ledger().table().to_csv(index=False)
    with row:
        slides = partial(_slides, story, template, given | {"address": _address()})
        download("Slides (PPTX)", slides, f"{stem}.pptx", "story_pptx")
        handout = partial(_handout, story, given)
        told = "" if export_available()[0] else export_available()[1]
        download("Handout (DOCX)", handout, f"{stem}.docx", "story_docx", help=told or _HANDOUT)
        bundle = partial(_bundle, story, given | {"with_data": own}, ledger)
        download("Bundle (ZIP)", bundle, f"{stem}_bundle.zip", "story_zip", help=_BUNDLE)


def _options(cohorts: Mapping[str, Cohort]) -> tuple[bytes | None, bool]:
    """A template of one's own, and whether the bundle holds the data."""
    from app.study.slides import check_template  # libraries that only this needs

    with st.expander("A template of your own; what the bundle holds", key="story_files_options"):
        file = st.file_uploader(
            "Template for the slides (.pptx or .potx)", type=["pptx", "potx"], key="story_template"
        )
        content = None if file is None else file.getvalue()
        refused = "" if content is None else check_template(content)
        if refused:
            st.error(refused)
            content = None
        own = any(not is_everybodys(key) for key in cohorts)
        with_data = st.checkbox(
            "Put the data into the bundle: rows of patients with their identifiers",
            key="story_with_data", disabled=not own,
            help=None if own else "Simulated and public cohorts need no data in the bundle.",
        )  # fmt: skip
    return content, own and with_data


def _slides(story: Story, template: bytes | None, given: Mapping[str, object]) -> bytes:
    from app.study.slides import to_pptx

    return to_pptx(story, template, **given)


def _handout(story: Story, given: Mapping[str, object]) -> bytes:
    from app.study.slides import to_docx

    return to_docx(story, **given)


def _bundle(story: Story, given: Mapping[str, object], ledger: str) -> bytes:
    from app.study.bundle import to_zip

    return to_zip(story, further={"ledger.csv": ledger}, **given)


_HANDOUT = "Captions and pictures on A4, up to eight steps on a page"
_BUNDLE = (
    "For a reviewer: figures, tables, methods, scripts, the source they run with, the versions of "
    "all packages, and the ledger of this session"
)


def _address() -> str:
    """Where others reach this app; nothing where only this machine does."""
    parts = urlsplit(st.context.url or "")
    if not parts.hostname or parts.hostname in _LOCAL:
        return ""
    return f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/')[0]}"
