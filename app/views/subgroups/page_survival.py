"""The second view beside the map: survival of some subgroups, or of a selection on the map."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.cohort.groupings import (
    MAX_NAME,
    MIN_GROUP_FOR_TEST,
    Grouping,
    GroupingError,
    joined_groups,
    only_groups,
)
from app.shell.controls.endpoint import draw_endpoint_choice
from app.shell.controls.time_axis import draw_axis_end
from app.shell.layout import figure_with_downloads
from app.shell.saved_groups import save_groups
from app.shell.session import Looking
from app.study.accounting import Accounting
from app.study.figures.theme import framed
from app.study.wording import listing
from app.views.subgroups.analysis import SubgroupMap, largest_groups
from app.views.survival.curves.analysis import GroupSurvival, survival_by_group
from app.views.survival.curves.figures import survival_alt, survival_figure
from app.views.survival.curves.words import numbers_table, reading, survival_title

SHOWN = "groups"
_REFUSAL = "_groups_refusal"
_VIEWS = ("Subgroups", "Selection on the map")


def draw_linked_survival(
    looking: Looking, found: SubgroupMap, selection: Grouping | None
) -> GroupSurvival | None:
    """Controls and curves, which are returned; the selection on the map leads if there is one."""
    which, groups = st.columns(2, vertical_alignment="bottom")
    with groups:
        shown = _draw_group_choice(looking, found, selection)
    if not looking.cohort.endpoints:
        st.info("This cohort has no endpoint, so the subgroups' survival cannot be shown.")
        return None
    with which:
        endpoint = draw_endpoint_choice(looking.cohort)
    result = survival_by_group(looking.cohort, looking.selection.mask, endpoint, shown)
    title = survival_title(result)
    place = st.container()
    until = draw_axis_end(result.supported_until, result.last_time)
    with place:
        figure_with_downloads(
            framed(
                survival_figure(result, band=False, until=until), title, synthetic=looking.synthetic
            ),
            partial(numbers_table, result, "years"),
            key="subgroup_km",
            name=("subgroups", result.endpoint.key),
            alt=survival_alt(title, result, reading(result)),
        )
    st.caption(Accounting.of(result.outcome, "are in the curves").caption())
    for note in (*_without_curve(found.grouping, shown, result.outcome.names), *result.notes):
        st.caption(note)
    return result


def _draw_group_choice(
    looking: Looking, found: SubgroupMap, selection: Grouping | None
) -> Grouping:
    """Which groups have a curve, and their saving under a name."""
    names = list(found.grouping.names)
    largest = largest_groups(found.grouping)
    with st.popover(
        "Which groups", icon=":material/checklist:", width="stretch", key="which_groups"
    ):
        view = _VIEWS[0]
        if selection is not None:
            view = st.segmented_control(
                "Curves of", _VIEWS, default=_VIEWS[1], required=True, key="curves_of"
            )
        if selection is not None and view == _VIEWS[1]:
            return selection
        shown = st.multiselect(
            "Subgroups with a curve",
            names,
            key=SHOWN,
            placeholder=f"The largest ({len(largest)})",
            help="The test compares the subgroups that have a curve.",
            select_all=False,
        )
        chosen = [name for name in names if name in shown] or largest
        joined = st.toggle("Joined into one, against all others", key="joined", disabled=not shown)
        if joined and shown:
            grouping = joined_groups(found.grouping, chosen, " or ".join(chosen)[:MAX_NAME])
        else:
            grouping = only_groups(found.grouping, chosen)
        _draw_saving(looking, grouping)
    return grouping


def _without_curve(everyone: Grouping, shown: Grouping, drawn: tuple[str, ...]) -> list[str]:
    """Which subgroups have no curve, and why."""
    sizes = dict(zip(everyone.names, everyone.sizes(), strict=True))
    if not set(drawn) <= set(sizes) or shown.data_driven != everyone.data_driven:
        return []
    absent = {name: n for name, n in sizes.items() if name not in drawn}
    small = [f"{name} ({n})" for name, n in absent.items() if n < MIN_GROUP_FOR_TEST]
    others = [f"{name} ({n:,})" for name, n in absent.items() if n >= MIN_GROUP_FOR_TEST]
    said = []
    if small:
        said.append(
            f"Without a curve, having fewer than {MIN_GROUP_FOR_TEST} patients: {listing(small)}."
        )
    if others:
        said.append(f"Without a curve, not being among those chosen: {listing(others)}.")
    if said:
        said[-1] += " “Which groups” brings them back."
    return said


def _draw_saving(looking: Looking, grouping: Grouping) -> None:
    name = st.text_input(
        "Save these groups as",
        key="groups_name",
        max_chars=MAX_NAME,
        placeholder="a name of your own",
        help="Every page can then compare by them.",
    )
    st.button("Save", key="save_groups", on_click=_save, args=(looking, grouping, name))
    refusal = st.session_state.pop(_REFUSAL, None)
    if refusal:
        st.error(refusal)


def _save(looking: Looking, grouping: Grouping, name: str | None) -> None:
    try:
        kept = save_groups(looking.cohort, name or "", grouping)
    except GroupingError as error:
        st.session_state[_REFUSAL] = str(error)
        return
    st.toast(f"“{kept}” is saved: every page can compare by it.")
