"""What the Compare page compares: groups, which of them, overlap, endpoint."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app.analysis.associations import describable
from app.cohort.groupings import (
    FILTERS,
    Arrangement,
    Grouping,
    GroupingError,
    GroupingSpec,
    filters_from_text,
    only_groups,
)
from app.shell.controls.endpoint import draw_endpoint_choice
from app.shell.controls.grouping import ChosenGrouping, default_group, draw_grouping
from app.shell.links import GROUP, group_labels
from app.shell.session import Looking
from app.study.wording import count, mid_sentence
from app.views.compare.analysis import MOST_GROUPS, made_of
from app.views.compare.overlap import exclusive_groups
from app.views.compare.page_lists import draw_lists
from app.views.survival.page_immortal_time import immortal_time_guard

PICKED, OVERLAP = "compare_groups", "compare_overlap"
EXCLUSIVE, DROPPED = "Groups of their own", "Left out"
# Where there is no driver to compare by, the alteration that opens the page.
_TELLING = ("SF3B1", "NPM1", "CALR", "TP53", "JAK2")
_ENOUGH = 0.1
_OF_COLUMN = ("variable", "cut")


@dataclass(frozen=True, eq=False)
class Compared:
    """What is compared with what.

    Parameters
    ----------
    looking
        The cohort and the selection.
    chosen
        How the groups were asked for.
    grouping
        The groups that are compared, two to eight of them with patients.
    picked
        Their names where the user picked some of the groups; empty for all.
    exclusive
        Whether overlapping filters were made into combinations.
    endpoint
        Key of the endpoint; empty where the cohort has none.
    """

    looking: Looking
    chosen: ChosenGrouping
    grouping: Grouping
    picked: tuple[str, ...]
    exclusive: bool
    endpoint: str

    @property
    def spec(self) -> GroupingSpec | None:
        """How the patients were grouped."""
        return self.chosen.spec

    @property
    def arrangement(self) -> Arrangement:
        """Names, colours and order as shown."""
        return self.chosen.arrangement

    @property
    def n(self) -> int:
        """Patients in the groups."""
        return sum(self.grouping.sizes(self.looking.selection.mask))

    @property
    def made_of(self) -> set[str]:
        """Features that the groups are made of."""
        return made_of(self.looking.cohort, self.spec, self.grouping.names)

    @property
    def variables(self) -> list[str]:
        """Clinical variables to compare: all but what the groups are made of."""
        spec = self.spec
        column = spec.name.partition("@")[0] if spec and spec.kind in _OF_COLUMN else ""
        return [name for name in describable(self.looking.cohort) if name != column]

    @property
    def two_colours(self) -> dict[str, str]:
        """Colour by group where there are two, so that a difference has a direction."""
        return self.colours if len(self.grouping.names) == 2 else {}

    @property
    def colours(self) -> dict[str, str]:
        """Colour by group."""
        return dict(zip(self.grouping.names, self.grouping.colours, strict=True))


def draw_controls(looking: Looking) -> Compared | None:
    """Draw the controls; None where there are no two groups to compare, which is said."""
    _open_on_something_telling(looking)
    left, middle, right = st.columns([5, 4, 3], vertical_alignment="bottom")
    below = st.container()
    endpoint = next(iter(looking.cohort.endpoints), "")
    with middle:
        if looking.cohort.endpoints:
            endpoint = draw_endpoint_choice(looking.cohort)
    with right:
        draw_lists(looking)
    with left:
        chosen = draw_grouping(looking, endpoint, below=below)
    if chosen.grouping is None:
        with below:
            st.info("Choose under “Compare by” what makes two groups or more.")
        return None
    with below:
        grouping, exclusive = _without_overlap(looking, chosen, chosen.grouping)
        grouping, picked = _pick(looking, grouping)
    if len(grouping.names) < 2:
        st.info(
            "Only one of these groups has patients in the selection: pick another, or take out a "
            "condition of the filter."
        )
        return None
    return Compared(looking, chosen, grouping, picked, exclusive, endpoint)


def draw_guard(compared: Compared, grouping: Grouping | None = None) -> None:
    """Warn where the groups come about during follow-up, and offer what is right.

    Parameters
    ----------
    compared
        What is compared.
    grouping
        The groups whose survival is shown, where they are not the ones compared.
    """
    immortal_time_guard(
        compared.looking,
        grouping or compared.grouping,
        compared.endpoint,
        str(compared.spec or ""),
        away=True,
    )


def draw_data_driven(compared: Compared) -> None:
    """Say where groups were made from the very data that they are compared on."""
    if compared.grouping.data_driven:
        st.caption(
            "These groups are data-driven: they were found in this cohort's own alterations, or "
            "drawn on a map of them. That their alterations differ is no finding, and p-values "
            "of what goes with the alterations are too small."
        )


def _open_on_something_telling(looking: Looking) -> None:
    """On a first visit, compare by the driver, or by the alteration that matters most."""
    if GROUP in st.session_state or GROUP in st.query_params:
        return
    cohort = looking.cohort
    labels = group_labels(cohort)
    if default_group(cohort, list(labels)) == "variable:driver":
        return
    for name in _TELLING:
        option = f"alteration:{name}"
        if option not in labels:
            continue
        state = cohort.feature_state(name)
        if (state == 1).sum() >= _ENOUGH * (state >= 0).sum():
            st.query_params[GROUP] = labels[option]
            st.rerun()


def _without_overlap(
    looking: Looking, chosen: ChosenGrouping, grouping: Grouping
) -> tuple[Grouping, bool]:
    """Filters may overlap: ask what becomes of patients in several, and make it so."""
    if chosen.spec is None or chosen.spec.kind != FILTERS:
        return grouping, False
    policy = st.segmented_control(
        "Patients in several of the filters",
        [EXCLUSIVE, DROPPED],
        default=EXCLUSIVE,
        required=True,
        key=OVERLAP,
        bind="query-params",
        help="Groups of their own: only the one, only the other, both. Left out: patients whom "
        "more than one filter selects are in no group.",
    )
    if policy == DROPPED:
        return grouping, False
    try:
        return exclusive_groups(looking.cohort, filters_from_text(chosen.spec.name)), True
    except GroupingError as error:
        st.info(str(error))
        return grouping, False


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


def comparison_title(what: str, compared: Compared) -> str:
    """Title of a figure: what is shown, which groups, and of how many."""
    names = compared.grouping.names
    groups = " and ".join(names) if len(names) == 2 else mid_sentence(compared.grouping.label)
    joint = ":" if len(names) == 2 else " by"
    return f"{what}{joint} {groups}, {count(compared.n, 'patient')}"
