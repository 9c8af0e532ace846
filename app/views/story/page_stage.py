"""Getting ready to present: every step computed and drawn before the talk begins."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

import streamlit as st

from app.analysis.subgroups import SubgroupSettings
from app.shell.layout import download
from app.shell.memory import remembered
from app.shell.session import Looking, cohort_keys, open_cohort
from app.shell.story.stages import keep_stage, stage_address
from app.study.analyses import answer_alone, answer_of, as_asked, compute, second_of
from app.study.answer import Answer
from app.study.files.tables import file_stem
from app.study.question import Question
from app.study.story import Scene, Standing, Step, Story, player, refused_scene, scene_of
from app.views.compare.composing import Composed, composed_of
from app.views.subgroups.analysis import SubgroupsFound, found_of
from app.views.subgroups.page_search import SearchRequest, start_search
from data_loaders import Cohort

_READY = "_story_ready"
SEARCH, COMPOSED = "subgroups.search", "compare.composed"
# What searches for subgroups: by the worker.
SEARCHES = (SEARCH, COMPOSED)
_KEYS = (
    "Arrows, space or a clicker go on and back, a number and Enter jump, Home and End; **B** "
    "black, **G** groups one by one, **I** interval band, **R** risk table, **D** dark, **F** full "
    "screen, **N** speaker's window, **Escape** the page of the step."
)


def draw_stage(story: Story, standings: Sequence[Standing]) -> None:
    """Get ready, then open or download; says how many steps are ready."""
    prepared, scenes = st.session_state.get(_READY, (None, ()))
    address = stage_address() if prepared == story else None
    with st.container(border=True, key="story_stage"):
        row = st.container(horizontal=True, vertical_alignment="center")
        wanted = row.button(
            "Get ready to present" if address is None else "Get ready again",
            key="story_ready",
            icon=":material/slideshow:",
            type="primary" if address is None else "secondary",
        )
        if wanted:
            scenes = _prepared(standings)
            st.session_state[_READY] = (story, scenes)
            keep_stage(player(story.title, scenes))
            st.rerun()
        if address is None:
            row.caption("Every step is computed and drawn before the talk begins.")
            return
        row.link_button("Present", address, icon=":material/present_to_all:", type="primary")
        with row:
            make = partial(player, story.title, scenes, _base())
            download("Download (HTML)", make, f"{file_stem(story.title)}.html", "story_html")
        ready = sum(not scene.refused for scene in scenes)
        row.markdown(f"**Ready: {ready} of {len(story.steps)}**")
        st.caption(_KEYS)


def pictures_of(story: Story) -> list[tuple[str, str]]:
    """Picture of each step, as a data URI, and what it shows; empty where the story has changed.

    Captions and notes may have: no picture has them.
    """
    prepared, scenes = st.session_state.get(_READY, (None, ()))
    if prepared is None:
        return []
    drawn = {
        _drawn(step): (scene.pictures.get("light", ""), scene.alt)
        for step, scene in zip(prepared.steps, scenes, strict=True)
    }
    return [drawn.get(_drawn(step), ("", "")) for step in story.steps]


def _drawn(step: Step) -> tuple[Question, str]:
    return step.question, step.figure


def _prepared(standings: Sequence[Standing]) -> list[Scene]:
    scenes: list[Scene] = []
    place = st.empty()
    for at, standing in enumerate(standings):
        place.progress(at / len(standings), f"Ready: {at} of {len(standings)}")
        scenes.append(_scene(standing))
    place.empty()
    return scenes


def _scene(standing: Standing) -> Scene:
    """A step drawn, from what the session remembers where it was answered before."""
    step, question = standing.step, standing.question
    if question is None:
        return refused_scene(step, standing.said)
    try:
        if question.of_no_cohort:
            return scene_of(step, answer_alone(question), None)
        cohort = as_asked(question, open_cohort(question.cohort))
        other = second_of(question, open_here)
        return scene_of(step, answer_here(question, cohort), cohort, other=other)
    except (KeyError, TypeError, ValueError) as error:
        known = isinstance(error, ValueError)
        return refused_scene(step, str(error) if known else "This step asks what is not here.")


def answer_here(question: Question, cohort: Cohort) -> Answer:
    """The answer from the session's memory, or computed now; a search by the worker.

    Raises
    ------
    ValueError
        If the cohort cannot answer.
    """
    cohort = as_asked(question, cohort)
    if question.analysis in SEARCHES:
        make = partial(_searched, question, cohort)
    else:
        make = partial(compute, question, cohort, open_here)
    return answer_of(question, cohort, remembered(question, make, "Getting ready"))


def open_here(key: str) -> Cohort:
    """A cohort of this session.

    Raises
    ------
    ValueError
        If there is none of that key.
    """
    if key not in cohort_keys():
        raise ValueError(
            f"The second cohort of this step ({key}) is not here: load it on the Data page."
        )
    return open_cohort(key)


def _searched(question: Question, cohort: Cohort) -> SubgroupsFound | Composed:
    """A search for subgroups by the worker, where UMAP runs; without its verdict."""
    asked = dict(question.settings)
    names = {name: asked[name] for name in ("quality", "seed", "min_frequency") if name in asked}
    kinds = tuple(asked.get("kinds", ("genes", "cytogenetics")))
    looking = Looking(question.cohort, cohort, question.filter, question.filter.apply(cohort))
    settings = SubgroupSettings(**names, evidence=False)
    job = start_search(SearchRequest(looking, kinds, settings)).full
    while not job.finished:
        time.sleep(0.2)
    if job.state != "done":
        raise ValueError(job.message)
    grouping = question.groups(cohort, looking.selection.mask)
    if question.analysis == COMPOSED and grouping is not None:
        return composed_of(
            cohort, looking.selection.mask, job.result, grouping=grouping,
            groups=asked.get("groups", ()), kinds=kinds, names=asked.get("names"),
        )  # fmt: skip
    return found_of(
        cohort, looking.selection.mask, job.result, kinds=kinds, names=asked.get("names"),
        endpoint_key=asked.get("endpoint_key"), curves=asked.get("curves", ()),
    )  # fmt: skip


def _base() -> str:
    """The app's address, with a slash at its end."""
    parts = urlsplit(st.context.url or "")
    return (
        f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/')[0]}/" if parts.netloc else ""
    )
