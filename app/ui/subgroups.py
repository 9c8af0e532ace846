"""The subgroups page: asking the worker, showing progress, and the map's controls."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.analysis.group_survival import MIN_GROUP_FOR_TEST
from app.analysis.subgroup_view import (
    SubgroupMap,
    alterations_in_words,
    search_input,
    subgroup_features,
)
from app.analysis.subgroups import SubgroupSettings
from app.analysis.wording import count, format_percent, mid_sentence
from app.charts.subgroup_map import MAP_HEIGHT, map_by_group, map_by_number
from app.cohort.filters import Filter
from app.cohort.groupings import Grouping, GroupingSpec
from app.ui.jobs import Job
from app.ui.links import BURDEN, COLOUR, CONFIDENCE, SUBGROUP, colour_labels
from app.ui.session import Looking
from app.ui.warmup import job_service
from data_loaders import Cohort

SHOWN = "groups"
_MOST_CURVES = 8
STANDARD = SubgroupSettings(quality="standard", seed=0)
PREVIEW = SubgroupSettings(quality="preview", seed=0)


@dataclass(frozen=True)
class Search:
    """The jobs behind a map: a quick one to look at while the full one is under way."""

    preview: Job
    full: Job

    @property
    def best(self) -> Job | None:
        """The better of the two that is done."""
        return next((job for job in (self.full, self.preview) if job.state == "done"), None)

    @property
    def finished(self) -> bool:
        """Whether nothing more will come."""
        return self.full.finished


def job_key(cohort: Cohort, chosen: Filter, settings: SubgroupSettings) -> str:
    """What is asked for, so that those who ask the same share one computation."""
    return json.dumps([cohort.fingerprint, chosen.to_json(), settings.to_dict()], sort_keys=True)


def start_search(cohort: Cohort, mask: npt.NDArray[np.bool_], chosen: Filter, owner: str) -> Search:
    """Ask the worker for the preview and the full result, or find them already there."""
    service = job_service()
    group = f"{cohort.fingerprint}{chosen.to_json()}"
    jobs = []
    for settings in (PREVIEW, STANDARD):
        key = job_key(cohort, chosen, settings)
        job = service.get(key)
        if job is None or not job.finished:
            payload = {"alterations": search_input(cohort, mask), "settings": settings}
            job = service.submit(key, "subgroups", payload, owner, group)
        jobs.append(job)
    return Search(*jobs)


def session_id() -> str:
    """A name for this session, for fair queueing; it says nothing about anyone."""
    context = get_script_run_ctx()
    return context.session_id if context is not None else "none"


def draw_progress(search: Search) -> None:
    """A line of progress that renews itself and brings in the result when it is there."""
    job_ids = (id(search.preview), id(search.full))
    seen = search.best

    @st.fragment(run_every=0.4)
    def poll() -> None:
        if search.finished or search.best is not seen:
            st.rerun()
        job = search.full if search.preview.finished else search.preview
        text = "Refining the groups" if seen is not None else "Finding groups"
        left, right = st.columns([6, 1], vertical_alignment="center")
        left.progress(min(max(job.fraction, 0.02), 1.0), text=f"{text}: {job.stage.lower()}")
        if right.button("Stop", key=f"stop_{job_ids[1]}", type="tertiary"):
            for each in (search.preview, search.full):
                job_service().cancel(each.key)

    poll()
    if seen is None:
        st.skeleton(MAP_HEIGHT)


def draw_refusal(search: Search) -> None:
    """Say why there is no map, and offer to try again where that may help."""
    job = search.full
    st.info(job.message)
    if job.state in ("failed", "cancelled") and st.button("Start again", key="start_again"):
        for each in (search.preview, search.full):
            job_service().forget(each.key)
        st.rerun()


def draw_colour_choice(cohort: Cohort) -> str:
    """The control that colours the map."""
    labels = colour_labels(cohort)
    colour = st.selectbox(
        "Colour the map by",
        list(labels),
        format_func=lambda text: labels.get(text, text),
        key=COLOUR,
        bind="query-params",
    )
    return colour if colour in labels else SUBGROUP


def map_title(looking: Looking, found: SubgroupMap, colour: str) -> str:
    """Title of the map: whom it shows and what its colours mean."""
    label = mid_sentence(colour_labels(looking.cohort)[colour])
    return f"{count(len(found.positions), 'patient')} by their alterations, coloured by {label}"


def map_alt(looking: Looking, found: SubgroupMap, colour: str) -> str:
    """Alternative text of the map: its title and the sizes of the subgroups."""
    sizes = zip(found.grouping.names, found.grouping.sizes(), strict=True)
    groups = ", ".join(f"{name} ({size})" for name, size in sizes)
    return f"{map_title(looking, found, colour)}. Subgroups: {groups}."


def map_figure(looking: Looking, found: SubgroupMap, colour: str) -> go.Figure:
    """The map in the colours asked for."""
    cohort = looking.cohort
    words = alterations_in_words(cohort, found.positions)
    label = colour_labels(cohort)[colour]
    title = map_title(looking, found, colour)
    if colour == SUBGROUP or colour.startswith(("alteration:", "variable:")):
        grouping = (
            found.grouping if colour == SUBGROUP else GroupingSpec.parse(colour).build(cohort)
        )
        return map_by_group(
            found.points,
            grouping.codes[found.positions],
            grouping,
            words,
            title=title,
            labels=colour == SUBGROUP,
            synthetic=looking.synthetic,
        )
    return map_by_number(
        found.points,
        _numbers(cohort, found, colour),
        words,
        title=title,
        label=label,
        synthetic=looking.synthetic,
    )


def _numbers(cohort: Cohort, found: SubgroupMap, colour: str) -> npt.NDArray[np.float64]:
    if colour == CONFIDENCE:
        return found.confidence
    if colour == BURDEN:
        columns = cohort.alterations.columns.get_indexer(subgroup_features(cohort))
        states = cohort.states[np.ix_(found.positions, columns)]
        return np.count_nonzero(states == 1, axis=1).astype(float)
    values = cohort.patients[colour.removeprefix("number:")]
    return values.to_numpy(dtype=float, na_value=np.nan)[found.positions]


def map_numbers(found: SubgroupMap) -> pd.DataFrame:
    """The numbers behind the map: place, subgroup and confidence, without identifiers."""
    return pd.DataFrame(
        {
            "x": found.points["x"].to_numpy(),
            "y": found.points["y"].to_numpy(),
            "subgroup": found.result.labels.to_numpy(),
            "confidence": found.confidence,
        }
    )


def subgroup_table(found: SubgroupMap) -> pd.DataFrame:
    """One row a subgroup: name, n, share, defining alterations, confidence."""
    summary = found.result.summary
    return pd.DataFrame(
        {
            "Subgroup": summary["group"],
            "n": summary["n"],
            "Share": [format_percent(share) for share in summary["share"]],
            "Defined by": [names or "–" for names in summary["defining"]],
            "Median confidence": summary["median_confidence"],
            "Uncertain": summary["uncertain"],
        }
    )


def draw_verdict(found: SubgroupMap) -> None:
    """Say how far the groups can be trusted, and what was done to whom."""
    result = found.result
    for warning in result.warnings:
        st.warning(warning)
    if result.evidence is not None:
        st.info(result.evidence.verdict)
    notes = " ".join(result.notes)
    used = f"{len(result.features)} alterations were used."
    st.caption(f"{used} {notes}")


def draw_curve_choice(found: SubgroupMap) -> Grouping:
    """Which subgroups have a curve; the largest to begin with."""
    names = list(found.grouping.names)
    sizes = dict(zip(names, found.grouping.sizes(), strict=True))
    # Smaller groups would withhold the p-value from all.
    enough = [name for name in names if sizes[name] >= MIN_GROUP_FOR_TEST] or names
    largest = sorted(enough, key=lambda name: -sizes[name])[:_MOST_CURVES]
    with st.popover("Which subgroups", icon=":material/checklist:", width="stretch"):
        shown = st.multiselect(
            "Subgroups with a curve",
            names,
            key=SHOWN,
            placeholder=f"The largest ({len(largest)})",
            help="The test compares the subgroups that have a curve.",
        )
    keep = [name for name in names if name in shown] or largest
    return only_groups(found.grouping, keep)


def only_groups(grouping: Grouping, names: list[str]) -> Grouping:
    """The grouping with some of its groups; patients of the others count as not shown."""
    lookup = np.full(len(grouping.names) + 3, -3, dtype=np.int16)
    lookup[-1], lookup[-2], lookup[-3] = -1, -2, -3
    for new, name in enumerate(names):
        lookup[grouping.names.index(name)] = new
    colours = tuple(grouping.colours[grouping.names.index(name)] for name in names)
    return replace(grouping, names=tuple(names), codes=lookup[grouping.codes], colours=colours)
