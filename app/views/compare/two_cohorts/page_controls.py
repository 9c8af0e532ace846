"""The same question in two cohorts: which other cohort, and what can be asked in both."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import streamlit as st

from app.cohort.filters import FilterError
from app.cohort.groupings import GroupingError, arranged, grouping_options
from app.shell.cohort_choice import draw_cohort_choice
from app.shell.links import GROUP, group_labels, keep_choices
from app.shell.saved_groups import saved_groups
from app.shell.session import cohort_keys, open_cohort
from app.views.compare.analysis import made_of
from app.views.compare.match import match_cohorts, matched, unmatched
from app.views.compare.page_groups import Compared, column_of
from app.views.compare.two_cohorts.analysis import TwoCohorts, compare_cohorts
from app.views.compare.two_cohorts.page import draw_answer
from app.views.compare.two_cohorts.script import AskedInBoth
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
        result, asked = asked_in_both(compared, other, ask=True)
    except (FilterError, GroupingError, ValueError) as error:
        st.info(
            f"{error} So the question cannot be asked in {other.name}: choose another cohort, load "
            "one on the Data page, or compare by something that both hold."
        )
        _draw_offers(compared, other)
        return
    draw_answer(compared, result, asked)


def _draw_matching(ours: tuple[str, ...], theirs: tuple[str, ...], other: Cohort) -> dict[str, str]:
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


def asked_in_both(
    compared: Compared, other: Cohort, *, ask: bool = False
) -> tuple[TwoCohorts, AskedInBoth]:
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
    looking, spec, result = compared.looking, compared.spec, compared.result
    matching = match_cohorts(looking.cohort, other)
    chosen = matching.filter(looking.filter)
    theirs = matching.spec(spec, looking.selection.mask)
    selections = (looking.selection, chosen.apply(other))
    if not selections[1].n:
        raise GroupingError(f"The filter selects nobody in {other.name}.")
    masks = (selections[0].mask, selections[1].mask)
    arrangement = compared.question.arrangement
    there = arranged(theirs.build(other, masks[1], saved_groups(other)), arrangement)
    alone = unmatched(result.grouping, there, masks)
    same = _draw_matching(*alone, other) if ask and all(alone) else {}
    ours, others = matched(result.grouping, there, masks, same)
    settings: dict[str, Any] = {
        "without": column_of(spec),
        "own": (
            sorted(made_of(looking.cohort, spec, ours.names)),
            sorted(made_of(other, theirs, ours.names)),
        ),
        "endpoint_key": result.endpoint_key,
    }
    asked = AskedInBoth((looking.filter, chosen), (spec, theirs), arrangement, same, settings)
    return compare_cohorts(selections, (ours, others), **settings), asked


def _first_that_can(compared: Compared, keys: list[str]) -> int:
    """Position of the first cohort that the question can be asked in; 0 where there is none."""
    for position, key in enumerate(keys):
        with contextlib.suppress(FilterError, GroupingError, ValueError):
            asked_in_both(compared, open_cohort(key))
            return position
    return 0


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
            sides = asked_in_both(asked, other)[0].sides
            if min(size for side in sides for size in side.sizes) >= _ENOUGH:
                found.append(str(spec))
        if len(found) == _OFFERED:
            break
    return found
