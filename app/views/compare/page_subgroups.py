"""Which genomic subgroups the compared groups are made of."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app.analysis.subgroups import SubgroupSettings
from app.shell.show import show_figure, take_away
from app.views.compare.answer_composing import BY_CONSTRUCTION, composed_answer
from app.views.compare.composing import Composed
from app.views.compare.page_groups import Compared
from app.views.subgroups.analysis import KINDS, under_names
from app.views.subgroups.page_names import subgroup_names
from app.views.subgroups.page_search import (
    SearchRequest,
    draw_search_status,
    placed_map,
    start_search,
)

_WAITING = 320


def draw_composition(compared: Compared) -> None:
    """Bars of shares; asks the worker where the subgroups are not known yet, and does not wait."""
    looking = compared.looking
    if not len(looking.cohort.features):
        st.info("This cohort has no alterations, so it has no genomic subgroups.")
        return
    # What the Subgroups page asks for when it opens, so that either page finds it done.
    settings, kinds = SubgroupSettings(quality="standard", seed=0, evidence=False), tuple(KINDS)
    search = start_search(SearchRequest(looking, kinds, settings))
    names = subgroup_names(looking.cohort)
    found = placed_map(search, names)
    if found is None or search.full.state != "done":
        # What is tested about the map afterwards is told on the Subgroups page.
        draw_search_status(search)
    if found is None:
        if search.full.state == "refused":
            st.info(search.full.message)
        elif not search.finished:
            st.skeleton(_WAITING)
        return
    whole = under_names(found, kinds, names, None, 0, None)
    result = Composed.of(compared.result.grouping, looking.selection.mask, whole)
    answer = composed_answer(looking.cohort, result)
    show_figure(answer)
    st.caption(f"{answer.sentences[-1]} {BY_CONSTRUCTION}")
    # A preview is not what a step would find again.
    if search.full.state == "done":
        asked = {
            "groups": compared.question.settings["groups"], "kinds": kinds,
            "quality": settings.quality, "seed": settings.seed, "names": names,
        }  # fmt: skip
        take_away(answer, replace(compared.question, analysis="compare.composed", settings=asked))
