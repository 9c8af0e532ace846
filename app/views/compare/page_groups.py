"""What the Compare page compares: groups, which of them, overlap, endpoint."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app.cohort.groupings import (
    COMBINATIONS,
    FILTERS,
    Grouping,
    GroupingError,
    GroupingSpec,
    only_groups,
)
from app.shell.controls.choice import choice
from app.shell.controls.endpoint import draw_endpoint_choice
from app.shell.controls.grouping import ChosenGrouping, default_group, draw_grouping
from app.shell.links import GROUP, group_labels
from app.shell.memory import ask, result_of
from app.shell.session import Looking
from app.study.question import Question
from app.views.compare.analysis import MOST_GROUPS, Comparison
from app.views.compare.page_lists import draw_lists
from app.views.survival.page_immortal_time import immortal_time_guard
from data_loaders.meaning.vocabulary import term_of

PICKED, OVERLAP = "compare_groups", "compare_overlap"
EXCLUSIVE, DROPPED = "Groups of their own", "Left out"
# Where there is no driver to compare by, the alteration that opens the page.
_TELLING = ("SF3B1", "NPM1", "CALR", "TP53", "JAK2")
_ENOUGH = 0.1
# What MPN, CLL and DLBCL are divided by before any gene.
_DIVIDING = frozenset({"driver", "ighv", "cell_of_origin"})


@dataclass(frozen=True, eq=False)
class Compared:
    """What is compared with what.

    Parameters
    ----------
    spec
        How the groups were asked for; overlapping filters perhaps as their combinations.
    question
        The question about the groups that are compared, two to eight of them with patients.
    """

    looking: Looking
    spec: GroupingSpec
    question: Question
    result: Comparison


def draw_controls(looking: Looking) -> Compared | None:
    """Draw the controls; None where there are no two groups to compare, which is said."""
    _open_on_something_telling(looking)
    left, middle, right = st.columns([5, 4, 3], vertical_alignment="bottom")
    below = st.container()
    endpoint = next(iter(looking.cohort.endpoints), "")
    with middle:
        if looking.cohort.endpoints:
            endpoint = draw_endpoint_choice(looking.cohort)
    with right, st.container(key="long_name_lists"):
        draw_lists(looking)
    with left:
        chosen = draw_grouping(looking, endpoint, below=below)
    with below:
        chosen = _without_overlap(looking, chosen)
        spec = chosen.spec
        if spec is None or chosen.grouping is None:
            st.info("Choose under “Compare by” what makes two groups or more.")
            return None
        grouping, picked = _pick(looking, chosen.grouping)
    if len(grouping.names) < 2:
        st.info(
            "Only one of these groups has patients in the selection: pick another, or take out a "
            "condition of the filter."
        )
        return None
    settings = {"groups": picked, "endpoint_key": endpoint}
    question = ask(looking, "compare.groups", settings, spec, chosen.arrangement)
    return Compared(looking, spec, question, result_of(question))


def draw_guard(compared: Compared, grouping: Grouping | None = None) -> None:
    """Warn where the groups come about during follow-up, and offer what is right."""
    immortal_time_guard(
        compared.looking,
        grouping or compared.result.grouping,
        compared.result.endpoint_key,
        str(compared.spec),
        away=True,
    )


def draw_data_driven(compared: Compared) -> None:
    """Say where groups were made from the very data that they are compared on."""
    if compared.result.grouping.data_driven:
        st.caption(
            "These groups are data-driven: they were found in this cohort's own alterations, or "
            "drawn on a map of them. That their alterations differ is no finding, and p-values "
            "of what goes with the alterations are too small."
        )


def _open_on_something_telling(looking: Looking) -> None:
    """On a first visit, compare by what divides the disease, else by a telling alteration."""
    if GROUP in st.session_state or GROUP in st.query_params:
        return
    cohort = looking.cohort
    labels = group_labels(cohort)
    if _of_the_disease(default_group(cohort, list(labels)).removeprefix("variable:")):
        return
    for name in _TELLING:
        option = f"alteration:{name}"
        if option not in labels:
            continue
        state = cohort.feature_state(name)
        if (state == 1).sum() >= _ENOUGH * (state >= 0).sum():
            st.query_params[GROUP] = labels[option]
            st.rerun()


def _of_the_disease(name: str) -> bool:
    known = term_of(name)
    return known is not None and known.key in _DIVIDING


def _without_overlap(looking: Looking, chosen: ChosenGrouping) -> ChosenGrouping:
    """Filters may overlap: ask what becomes of patients in several, and make it so."""
    if chosen.spec is None or chosen.spec.kind != FILTERS:
        return chosen
    policy = choice(
        "Patients in several of the filters",
        [EXCLUSIVE, DROPPED],
        OVERLAP,
        help="Groups of their own: only the one, only the other, both. Left out: patients whom "
        "more than one filter selects are in no group.",
    )
    if policy == DROPPED:
        return chosen
    spec = GroupingSpec.of_filters(chosen.spec.filters, COMBINATIONS)
    try:
        # Names and colours that were given to the filters are not those of their combinations.
        return ChosenGrouping(spec, spec.build(looking.cohort))
    except GroupingError as error:
        st.info(str(error))
        return chosen


def _pick(looking: Looking, grouping: Grouping) -> tuple[Grouping, tuple[str, ...]]:
    """Which groups to compare: all that have patients, or those that are picked."""
    sizes = grouping.sizes(looking.selection.mask)
    present = [name for name, size in zip(grouping.names, sizes, strict=True) if size]
    empty = [name for name in grouping.names if name not in present]
    picked: list[str] = []
    if len(present) > 2:
        picked = st.pills(
            "Only some of the groups",
            present,
            selection_mode="multi",
            key=PICKED,
            bind="query-params",
            help="Pick two to compare one with the other; none picked means all of them.",
        )
        picked = [name for name in present if name in picked]
    if len(picked) == 1:
        st.caption(f"Pick one more group to compare {picked[0]} with; until then all are shown.")
        picked = []
    shown = picked or sorted(present, key=lambda name: -sizes[grouping.names.index(name)])
    shown = [name for name in grouping.names if name in shown[:MOST_GROUPS]]
    if len(present) > MOST_GROUPS and not picked:
        st.caption(f"The {MOST_GROUPS} largest of {len(present)} groups are compared.")
    if empty:
        st.caption(f"Without patients in the selection: {', '.join(empty)}.")
    if len(shown) < 2:
        return only_groups(grouping, present) if present else grouping, ()
    limited = shown if len(shown) < len(grouping.names) else []
    return only_groups(grouping, shown), tuple(limited)
