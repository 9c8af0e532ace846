"""The story's page: its file, its steps in order, their words, and what stands of them here."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import streamlit as st

from app.cohort.escaping import markdown_escaped
from app.shell.layout import download
from app.shell.links import keep_choices
from app.shell.navigation import page_at
from app.shell.session import cohort_keys, cohort_title, demo_cohort, open_cohort, uploads
from app.shell.sidebar import show_view
from app.shell.story.adding import ADD
from app.shell.story.held import can_undo, cohorts_of, held_story, keep_story, story_is_kept, undo
from app.shell.story.ledger import held_ledger
from app.shell.workspace.kept import kept_cohorts
from app.study.analyses import compute
from app.study.files.tables import file_stem
from app.study.question import OTHER, Question, QuestionError
from app.study.story import KEPT, STORY_FILE, Standing, Step, Story, StoryError, demo_story, opened
from app.views.story.page_files import draw_files
from app.views.story.page_stage import SEARCHES, draw_stage, open_here, pictures_of
from data_loaders import Cohort
from data_loaders.demo import DEMO_COHORTS

_WIDGETS, _TITLE = "story_step_", "story_title"
_REFUSAL, _STANDINGS = "_story_refusal", "_story_standings"
_LARGEST, _LONGEST_TEXT = 8 * 2**20, 2_000


def draw_head() -> None:
    """Title, file, demo stories, undo."""
    story = held_story()
    st.session_state.setdefault(_TITLE, story.title)
    st.text_input(
        "Title", key=_TITLE, max_chars=120, on_change=_retitle,
        label_visibility="collapsed",
    )  # fmt: skip
    with st.container(horizontal=True, key="story_actions"):
        with st.popover("Open", icon=":material/folder_open:", key="story_open"):
            st.file_uploader(
                f"A story's file ({STORY_FILE})", type="json", key="story_file",
                on_change=_read_file,
            )  # fmt: skip
            st.caption("Or one of the demo stories:")
            for key in DEMO_COHORTS:
                st.button(
                    cohort_title(f"demo:{key}"), key=f"story_demo_{key}",
                    on_click=_open_demo, args=(f"demo:{key}",),
                )  # fmt: skip
        if story.steps:
            try:
                written = story.to_json()
                file = f"{file_stem(story.title)}{STORY_FILE}"
                download("Save", partial(str, written), file, "story_save", help=_SAVED)
            except QuestionError as error:
                st.button("Save", key="story_save", disabled=True, help=str(error))
        st.button(
            "Undo", key="story_undo", icon=":material/undo:", disabled=not can_undo(),
            on_click=_undo,
        )  # fmt: skip
    if story.steps and kept_cohorts():
        kept = "The story is kept on this machine." if story_is_kept() else _NOT_KEPT
        st.caption(kept)
    refusal = st.session_state.pop(_REFUSAL, None)
    if refusal:
        st.error(markdown_escaped(refusal))


_NOT_KEPT = (
    "The story is in this session only: it tells of no cohort that is kept, or of one that is not. "
    "The Data page keeps a cohort."
)
_SAVED = "Questions, captions and notes; no patients. It opens wherever the cohorts are."


def draw_steps(story: Story) -> None:
    """How to present them, then the steps under their sections; what to do where there is none."""
    if not story.steps:
        st.info(
            f"The story is empty. “{ADD}” stands under the figures of every page; “Open” has a "
            "demo story for each demo cohort, the first of them a tour."
        )
        return
    found = standings(story)
    draw_stage(story, found)
    draw_files(story, found)
    section = ""
    pictures = pictures_of(story)
    for at, standing in enumerate(found):
        if standing.step.section != section:
            section = standing.step.section
            st.subheader(markdown_escaped(section) or "Without a section", anchor=False)
        _draw_step(at, len(story.steps), standing, pictures[at] if pictures else ("", ""))


def standings(story: Story) -> tuple[Standing, ...]:
    """What of the story stands on the cohorts of this session, remembered by what is asked."""
    cohorts = _cohorts(story)
    prints = tuple((key, cohort.fingerprint) for key, cohort in cohorts.items())
    held: dict[object, Standing] = st.session_state.setdefault(_STANDINGS, {})
    found = []
    for step in story.steps:
        key = (step.question.key, prints)
        if key not in held:
            held[key] = opened(Story(steps=(step,)), cohorts, _answerable)[0]
        found.append(replace(held[key], step=step))
    return tuple(found)


def _answerable(question: Question, cohort: Cohort) -> None:
    """Answer a question of a cohort that changed; a search for subgroups runs only where asked.

    Raises
    ------
    ValueError
        If the cohort cannot answer.
    """
    if question.analysis in SEARCHES:
        question.groups(cohort, question.filter.apply(cohort).mask)
    else:
        compute(question, cohort, open_here)


def _cohorts(story: Story) -> dict[str, Cohort]:
    """Cohorts that the story may be about: those it names, and the session's own."""
    named = set(cohorts_of(story)) & set(cohort_keys())
    return {key: open_cohort(key) for key in sorted(named)} | uploads()


def _draw_step(at: int, number: int, standing: Standing, picture: tuple[str, str]) -> None:
    step, (source, alt) = standing.step, picture
    with st.container(border=True, key=f"story_card_{at}"):
        shares = [2, 5, 3] if source else [7, 3]
        *small, words, buttons = st.columns(shares, vertical_alignment="top")
        for place in small:
            place.html(
                f'<img src="{source}" alt="{html.escape(alt)}" style="width: 100%; '
                'background: #fff; border-radius: 6px">'
            )
        with words:
            _draw_text(
                f"Step {at + 1}: caption", "caption", at, step.caption,
                placeholder="Empty: the answer's own title and first sentence",
            )  # fmt: skip
            if standing.said:
                st.warning(markdown_escaped(standing.said))
            elif step.question.analysis == KEPT:
                st.caption(markdown_escaped(step.question.settings["said"]))
        with buttons, st.container(horizontal=True, gap="small"):
            _act(":material/arrow_upward:", "up", at, lambda s: s.moved(at, at - 1), off=not at)
            last = at == number - 1
            _act(":material/arrow_downward:", "down", at, lambda s: s.moved(at, at + 1), off=last)
            _act(":material/content_copy:", "duplicate", at, lambda s: s.duplicated(at))
            _act(":material/delete:", "delete", at, lambda s: s.without(at))
            if step.address and standing.question and _go(at, step, standing.question):
                # Nothing is passed on: the widgets write themselves into the new address.
                st.switch_page(page_at(step.address.partition("?")[0]), query_params={})
        with st.expander(markdown_escaped(_summary(standing)), key=f"story_more_{at}"):
            _draw_text("Speaker's note", "note", at, step.note)
            _draw_text("Section", "section", at, step.section)
            if place := held_ledger().place(standing.question or step.question):
                st.caption(place)


def _draw_text(label: str, part: str, at: int, text: str, **more: str) -> None:
    """One text of a step, as the story holds it: a step that moved brings its own."""
    key = f"{_WIDGETS}{part}_{at}"
    # Not as a default: the browser would keep what stood in this place before.
    st.session_state.setdefault(key, text)
    st.text_area(
        label, key=key, height=68, max_chars=_LONGEST_TEXT, on_change=_edit, args=(at, part), **more
    )


def _summary(standing: Standing) -> str:
    """What a step is about, in a line: cohort, selection, groups, analysis."""
    asked = standing.question or standing.step.question
    if asked.of_no_cohort:
        return "A picture" if asked.analysis == KEPT else "Simulated for this figure, of no cohort"
    keys = [asked.cohort, *([] if asked.second is None else [asked.second.key])]
    named = [cohort_title(key) if key in cohort_keys() else key for key in keys]
    parts = [" and ".join(named)]
    if not asked.filter.is_empty:
        parts.append(asked.filter.describe())
    if asked.grouping is not None:
        parts.append(f"by {asked.grouping.name}")
    return " · ".join([asked.analysis.replace(".", ": ").replace("_", " "), *parts])


def _go(at: int, step: Step, asked: Question) -> bool:
    view = dict(step.view)
    show, about = show_view, (asked.cohort, asked.filter, view, asked.derived)
    if asked.of_no_cohort:
        show, about = keep_choices, (view,)
    if asked.second is not None:
        view[OTHER] = asked.second.key  # it may be here under another key than it was
    return st.button(
        "Open", key=f"story_go_{at}", icon=":material/open_in_new:", type="tertiary",
        help=f"The {step.address.partition('?')[0] or 'home'} page, as it was",
        on_click=show, args=about,
    )  # fmt: skip


def _act(
    icon: str, name: str, at: int, change: Callable[[Story], Story], off: bool = False
) -> None:
    st.button(
        name.capitalize(), key=f"story_{name}_{at}", icon=icon, type="tertiary",
        disabled=off, on_click=_change, args=(change,),
    )  # fmt: skip


def _change(change: Callable[[Story], Story]) -> None:
    """Change the story; its widgets show what it holds by then."""
    try:
        keep_story(change(held_story()))
    except StoryError as error:
        st.session_state[_REFUSAL] = str(error)
    _forget_widgets()


def _forget_widgets() -> None:
    for key in [str(key) for key in st.session_state]:
        if key.startswith(_WIDGETS) or key == _TITLE:
            del st.session_state[key]


def _undo() -> None:
    undo()
    _forget_widgets()


def _edit(at: int, part: str) -> None:
    text = st.session_state[f"{_WIDGETS}{part}_{at}"].strip()
    keep_story(held_story().edited(at, **{part: text}))


def _retitle() -> None:
    story = held_story()
    keep_story(Story(st.session_state[_TITLE].strip() or Story().title, story.steps))


def _open_demo(key: str) -> None:
    _change(lambda _: demo_story(key, demo_cohort))


def _read_file() -> None:
    file = st.session_state["story_file"]
    if file is None:
        return
    if file.size > _LARGEST:
        st.session_state[_REFUSAL] = "The file is larger than 8 MB: no story is."
        return
    text = file.getvalue()
    _change(lambda _: Story.from_json(text))
