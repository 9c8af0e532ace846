"""The immortal-time guard: groups that come about during follow-up, compared from time zero."""

from __future__ import annotations

import re

import streamlit as st

from app.cohort.groupings import COMBINATIONS, FILTERS, Grouping, filters_from_text
from app.cohort.later_columns import later_columns, why_later
from app.shell import navigation as pages
from app.shell.links import ENDPOINT, VIEW, keep_choices
from app.shell.navigation import SURVIVAL
from app.shell.session import Looking
from app.study.analyses import REGISTRY
from app.study.exposures import Exposure, exposure_options
from app.study.transplants.choices import transplants
from app.study.wording import mid_sentence
from app.views.survival.during.answer import LANDMARK, TIME_DEPENDENT

DURING_VIEW = REGISTRY["survival.during"].label
EXPOSURE = "exposure"
SHOWN = "during_as"


def immortal_time_guard(
    looking: Looking,
    grouping: Grouping | None,
    endpoint: str,
    group: str = "",
    *,
    away: bool = False,
) -> None:
    """Say what is wrong with a comparison of later events from time zero, and offer what is right.

    Draws nothing where the groups exist at time zero, nor where they were measured at a month, from
    which the views of Survival compare them (landmark).

    Parameters
    ----------
    group
        How the groups were asked for (``cut:transplant_months@median``, ``variable:transplant``):
        the event that it names is the one offered.
    away
        Whether the page is another one than Survival, which has what is offered.
    """
    if grouping is None or not grouping.after_baseline:
        return
    if grouping.known_from is not None and not away:
        return
    exposure = matching_exposure(looking, grouping, endpoint, group)
    label = mid_sentence(grouping.label)
    reasons = [why_later(looking.cohort, column) for column in _named(looking, group)]
    known = next((f" This is known because {why}." for why in reasons if why), "")
    with st.container(border=True, key="immortal_time"):
        st.warning(
            f"**Immortal time.** The groups of {label} come about during follow-up: whoever came "
            "into one later had to live until then, and these curves credit that time to the "
            "group. They are biased from time zero on, whatever the test says." + known,
            icon=":material/warning:",
        )
        if exposure is None:
            st.caption(
                "To analyse it rightly the cohort needs the time of the event, such as a column "
                "transplant_months beside transplant."
            )
            return
        with st.container(horizontal=True):
            for shown, icon in (
                (LANDMARK, ":material/flag:"),
                (TIME_DEPENDENT, ":material/timeline:"),
            ):
                choices = {
                    VIEW: DURING_VIEW,
                    ENDPOINT: endpoint,
                    EXPOSURE: exposure.key,
                    SHOWN: shown,
                }
                clicked = st.button(
                    f"{shown} analysis of {exposure.noun}",
                    key=f"guard_{shown.lower().replace('-', '_')}",
                    icon=icon,
                    on_click=keep_choices,
                    args=(choices,),
                )
                if clicked and away:
                    # Nothing is passed on: the widgets write themselves into the new address.
                    st.switch_page(SURVIVAL, query_params={})
            trial = {option.key for option in transplants(looking.cohort, endpoint)}
            if exposure.key in trial and st.button(
                f"Who benefits from {exposure.noun}: an emulated trial",
                key="guard_trial",
                icon=":material/swap_horiz:",
            ):
                st.switch_page(pages.TRANSPLANT, query_params={})


def matching_exposure(
    looking: Looking, grouping: Grouping, endpoint: str, group: str = ""
) -> Exposure | None:
    """The event during follow-up that a grouping is about; None if its times are not known.

    The column that the grouping names leads, then a column whose name begins alike (``transplant``
    and ``transplant_months``), then a label that the grouping's label contains.
    """
    options = exposure_options(looking.cohort, endpoint)
    words = _named(looking, group)
    for option in options:
        if option.key.partition(":")[2] in words:
            return option
    for option in options:
        column = option.key.partition(":")[2]
        if any(column.startswith(word) or word in column for word in words if len(word) > 2):
            return option
    label = grouping.label.lower()
    return next((option for option in options if option.label.lower() in label), None)


def _named(looking: Looking, group: str) -> list[str]:
    """Columns that the groups are made of."""
    kind, _, name = group.partition(":")
    if kind in (FILTERS, COMBINATIONS):
        return later_columns(looking.cohort, filters_from_text(name).values())
    return [word for word in re.split("[:@]", group)[1:] if word]
