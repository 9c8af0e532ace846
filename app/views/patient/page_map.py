"""Where one patient stands on the map of genomic subgroups."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from app.analysis.subgroups import UNCERTAIN_BELOW, SubgroupSettings
from app.shell.layout import figure_with_downloads
from app.shell.session import Looking
from app.study.figures.theme import framed
from app.study.wording import count, format_percent, mid_sentence
from app.views.patient.analysis import patient_name
from app.views.subgroups.analysis import KINDS, SubgroupMap
from app.views.subgroups.figures import MapLook, map_by_group
from app.views.subgroups.page_names import subgroup_names
from app.views.subgroups.page_search import (
    SearchRequest,
    draw_search_status,
    draw_waiting,
    placed_map,
    start_search,
)


def draw_place_on_map(looking: Looking, position: int) -> None:
    """Draw the map of the Subgroups page with the patient marked; ask the worker if need be."""
    if not len(looking.cohort.features):
        st.info("This cohort has no alterations, so there is no map.")
        return
    if not looking.selection.mask[position]:
        st.info(
            "The map holds the selected patients, and the filter does not select this one: widen "
            "the filter to see its place."
        )
        return
    # The same as the Subgroups page asks for by default, so that one search serves both.
    request = SearchRequest(looking, tuple(KINDS), SubgroupSettings(evidence=False))
    search = start_search(request)
    draw_search_status(search)
    found = placed_map(search, subgroup_names(looking.cohort))
    if found is None:
        draw_waiting(search)
        return
    _draw_map(looking, found, position)


def _draw_map(looking: Looking, found: SubgroupMap, position: int) -> None:
    place = int(np.searchsorted(found.positions, position))
    name, words = patient_name(position), _in_words(found, place, position)
    title = f"{name} (ring) among {count(len(found.positions), 'patient')} by their alterations"
    left, right = st.columns([7, 4], gap="large")
    with right:
        st.markdown(words)
        if not np.isfinite(found.points["x"].iloc[place]):
            st.caption("The patient has no place on the map: only patients with alterations do.")
    with left:
        figure_with_downloads(
            framed(
                map_by_group(
                    found.points,
                    found.grouping.codes[found.positions],
                    found.grouping,
                    found.hover,
                    labels=True,
                    look=MapLook(uncertain=found.uncertain, found=place),
                ),
                title,
                synthetic=looking.synthetic,
            ),
            partial(_numbers, found, place),
            key="patient_map",
            name=("patient", str(position + 1), "map"),
            alt=f"{title}. {words.replace('**', '')}",
        )


def _in_words(found: SubgroupMap, place: int, position: int) -> str:
    code = int(found.grouping.codes[position])
    name = mid_sentence(patient_name(position))
    if code < 0:
        return f"No group could be given to {name}."
    size = int((found.grouping.codes == code).sum())
    group = found.grouping.names[code]
    words = (
        f"{patient_name(position)} is in **{group}**, with {count(size - 1, 'other patient')} of "
        f"{len(found.positions):,} selected."
    )
    confidence = float(found.confidence[place])
    if np.isfinite(confidence):
        words += (
            f" Confidence {format_percent(confidence)}: how often repeated searches agree that it "
            "belongs there."
        )
        if confidence < UNCERTAIN_BELOW:
            words += " That is uncertain: do not lean on the group of this patient."
    return words


def _numbers(found: SubgroupMap, place: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "x": found.points["x"].to_numpy(),
            "y": found.points["y"].to_numpy(),
            "subgroup": found.result.labels.to_numpy(),
            "confidence": found.confidence,
            "this_patient": np.arange(len(found.positions)) == place,
        }
    )
