import streamlit as st

from app.shell.layout import nobody_selected, page_header
from app.shell.saved_groups import draw_saved_groups
from app.views.subgroups.page_details import (
    draw_agreement,
    draw_alterations,
    draw_profiles,
    draw_subgroup_table,
    draw_verdict,
)
from app.views.subgroups.page_map import draw_map, draw_map_controls, draw_selection
from app.views.subgroups.page_names import draw_renaming, keep_names_in_link, subgroup_names
from app.views.subgroups.page_search import (
    SearchRequest,
    draw_search_settings,
    draw_search_status,
    draw_waiting,
    placed_map,
    reserve_places,
    start_search,
)
from app.views.subgroups.page_survival import draw_linked_survival
from app.views.subgroups.page_take_away import draw_subgroups_take_away

TABS = ["The subgroups", "What they are", "Clinical profile", "Against a classification", "Saved"]


def show() -> None:
    looking = page_header("Subgroups", "Which genomic subgroups are there, and how do they fare?")
    if nobody_selected(looking):
        return

    reserve_places()
    status, settings = st.columns([5, 1], vertical_alignment="top")
    with settings:
        kinds, asked = draw_search_settings()
    search = start_search(SearchRequest(looking, kinds, asked))
    with status:
        draw_search_status(search)

    names = subgroup_names(looking.cohort)
    found = placed_map(search, names)
    if found is None or search.best is None:
        draw_waiting(search)
        return
    keep_names_in_link(names, search.best.result)

    left, right = st.columns([6, 5], gap="large")
    with left:
        choice = draw_map_controls(looking)
        figure = draw_map(looking, found, choice)
        selection = draw_selection(looking)
    with right:
        survival = draw_linked_survival(looking, found, selection)
    draw_verdict(looking, found, search)

    groups, alterations, profiles, classes, saved = st.tabs(
        TABS, key="subgroup_tabs", on_change="rerun"
    )
    if groups.open:
        with groups:
            draw_subgroup_table(found, search)
            draw_renaming(looking.cohort, search.best.result, names)
    if alterations.open:
        with alterations:
            draw_alterations(looking, found)
    if profiles.open:
        with profiles:
            draw_profiles(looking, found)
    if classes.open:
        with classes:
            draw_agreement(looking, found)
    if saved.open:
        with saved:
            draw_saved_groups(looking)
    draw_subgroups_take_away(found, search, names, figure, survival)


if __name__ == "__main__":
    show()
