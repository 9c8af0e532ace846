from functools import partial

import streamlit as st

from app.analysis.group_survival import numbers_table, reading, survival_by_group
from app.analysis.subgroup_view import place_result
from app.charts.survival import survival_alt, survival_figure
from app.ui.layout import figure_with_downloads, nobody_selected, page_header
from app.ui.subgroups import (
    draw_colour_choice,
    draw_curve_choice,
    draw_progress,
    draw_refusal,
    draw_verdict,
    map_alt,
    map_figure,
    map_numbers,
    session_id,
    start_search,
    subgroup_table,
)
from app.ui.survival import draw_accounting, draw_endpoint_choice, survival_title


def show() -> None:
    looking = page_header("Subgroups", "Which genomic subgroups are there, and how do they fare?")
    if nobody_selected(looking):
        return

    search = start_search(looking.cohort, looking.selection.mask, looking.filter, session_id())
    if not search.finished:
        draw_progress(search)
    best = search.best
    if best is None:
        if search.finished:
            draw_refusal(search)
        return

    found = place_result(looking.cohort, looking.selection.mask, best.result)
    left, right = st.columns([6, 5], gap="large")
    with left:
        colour = draw_colour_choice(looking.cohort)
        figure_with_downloads(
            map_figure(looking, found, colour),
            partial(map_numbers, found),
            key="map",
            name=("subgroups",),
            alt=map_alt(looking, found, colour),
        )
        draw_verdict(found)
    with right:
        if looking.cohort.endpoints:
            which, groups = st.columns(2, vertical_alignment="bottom")
            with which:
                endpoint = draw_endpoint_choice(looking.cohort)
            with groups:
                shown = draw_curve_choice(found)
            result = survival_by_group(looking.cohort, looking.selection.mask, endpoint, shown)
            title = survival_title(result)
            figure_with_downloads(
                survival_figure(result, title=title, synthetic=looking.synthetic, band=False),
                partial(numbers_table, result, "years"),
                key="subgroup_km",
                name=("subgroups", result.endpoint.key),
                alt=survival_alt(title, result, reading(result)),
            )
            draw_accounting(result)
            for note in result.notes:
                st.caption(note)
        else:
            st.info("This cohort has no endpoint, so the subgroups' survival cannot be shown.")

    st.subheader("The subgroups", anchor=False)
    st.dataframe(
        subgroup_table(found),
        hide_index=True,
        key="subgroup_table",
        column_config={
            "Median confidence": st.column_config.ProgressColumn(
                format="%.2f", min_value=0.0, max_value=1.0
            )
        },
    )


show()
