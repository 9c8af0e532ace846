"""The same question in two cohorts: which other cohort, and what can be asked in both."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from app.cohort.filters import FilterError
from app.cohort.groupings import GroupingError, NoSuchVariableError, grouping_options
from app.shell.cohort_choice import draw_cohort_choice
from app.shell.links import GROUP, group_labels, keep_choices
from app.shell.saved_groups import saved_groups
from app.shell.session import cohort_keys, open_cohort
from app.views.compare.page_groups import Compared
from app.views.compare.two_cohorts.asking import Both, put_to_both
from app.views.compare.two_cohorts.page import draw_answer
from data_loaders import Cohort

OTHER = "other"
_OFFERED, _ENOUGH = 3, 10


def draw_cohorts(compared: Compared) -> None:
    """The control of the second cohort, then the answer in both, side by side."""
    looking = compared.looking
    keys = [key for key in cohort_keys() if key != looking.key]
    if not keys:
        st.info("Load a second cohort on the Data page to ask the same question in both.")
        return
    first = 0 if OTHER in st.session_state else _first_that_can(compared, keys)
    key = draw_cohort_choice(
        "Ask the same in",
        keys,
        keys[first],
        key=OTHER,
        help="Cohorts of this session: the simulated ones, uploads, and published cohorts that "
        "were opened on the Data page.",
    )
    other = open_cohort(key)
    try:
        both = asked_in_both(compared, other, ask=True)
    except (FilterError, GroupingError, ValueError) as error:
        # The other cohort has no label for a variable that it lacks.
        variables = looking.cohort.variables
        said = (
            error.called(variables[error.variable].label)
            if isinstance(error, NoSuchVariableError) and error.variable in variables
            else str(error)
        )
        st.info(
            f"{said} So the question cannot be asked in {other.name}: "
            "choose another cohort, load one on the Data page, or compare by something that both "
            "hold."
        )
        _draw_offers(compared, other)
        return
    draw_answer(compared, both, key)


def _draw_matching(other: Cohort, ours: Sequence[str], theirs: Sequence[str]) -> dict[str, str]:
    """What the other cohort calls the groups that only this one has, as the reader says."""
    same: dict[str, str] = {}
    with st.expander("Groups of other names", icon=":material/link:", key="match_groups"):
        st.caption(
            f"Only here: {', '.join(ours)}. Only in {other.name}: {', '.join(theirs)}. Say which "
            "are the same."
        )
        for name in ours:
            chosen = st.selectbox(
                f"“{name}” is there",
                ["", *(option for option in theirs if option not in same.values())],
                format_func=lambda option: option or "not there",
                key=f"match_{name}",
            )
            if chosen:
                same[name] = chosen
    return same


def asked_in_both(compared: Compared, other: Cohort, *, ask: bool = False) -> Both:
    """The same groups in both cohorts, and what was asked of either.

    Parameters
    ----------
    ask
        Whether to ask which groups of other names are the same.

    Raises
    ------
    ValueError
        If the filter or the groups cannot be had in the second one.
    """
    looking = compared.looking
    return put_to_both(
        looking.cohort, other, looking.filter, compared.spec, compared.result.grouping,
        compared.question.arrangement, endpoint_key=compared.result.endpoint_key,
        same=partial(_draw_matching, other) if ask else None, saved=saved_groups(other),
    )  # fmt: skip


def _first_that_can(compared: Compared, keys: list[str]) -> int:
    """Position of the first cohort that the question can be asked in, else of the most alike.

    Alike are cohorts that look for the same alterations.
    """
    for position, key in enumerate(keys):
        with contextlib.suppress(FilterError, GroupingError, ValueError):
            asked_in_both(compared, open_cohort(key))
            return position
    ours = compared.looking.cohort.alterations.columns
    alike = [len(ours.intersection(open_cohort(key).alterations.columns)) for key in keys]
    return alike.index(max(alike))


def _draw_offers(compared: Compared, other: Cohort) -> None:
    """Buttons that compare by something that both cohorts hold, so that nobody is left alone."""
    labels = group_labels(compared.looking.cohort)
    with st.container(horizontal=True):
        for option in _possible(compared, other):
            st.button(
                f"Compare by {labels.get(option, option)}",
                key=f"offer_{option}",
                on_click=keep_choices,
                args=({GROUP: option},),
            )


def _possible(compared: Compared, other: Cohort) -> list[str]:
    """Up to three groupings with two groups of ten patients or more in both cohorts."""
    found: list[str] = []
    looking = compared.looking
    for spec in grouping_options(looking.cohort):
        with contextlib.suppress(FilterError, GroupingError, ValueError):
            grouping = spec.build(looking.cohort, looking.selection.mask)
            asked = replace(compared, spec=spec, result=replace(compared.result, grouping=grouping))
            sides = asked_in_both(asked, other).result.sides
            if min(size for side in sides for size in side.sizes) >= _ENOUGH:
                found.append(str(spec))
        if len(found) == _OFFERED:
            break
    return found
