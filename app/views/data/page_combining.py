"""Cohorts that are open made into one, for those who may move rows."""

from __future__ import annotations

import streamlit as st

from app.cohort.escaping import markdown_escaped
from app.shell.session import cohort_keys, cohort_title, keep_upload, loaded_cohort
from app.shell.sidebar import open_next
from app.study.wording import count
from app.views.data.page_uploading import tell_outcome
from data_loaders import CohortError, combine

_CHOSEN = "combine_cohorts"
_NAME = "combine_name"
_FEWEST, _MOST = 2, 12


def draw_combining() -> None:
    """Choose two or more cohorts."""
    with st.expander(
        "Combine cohorts", icon=":material/merge:", key="combine_open", on_change="rerun"
    ) as box:
        if box.open:
            _draw_choice()


def _draw_choice() -> None:
    st.caption(
        "Variables are matched by what they mean and put in one unit; genes that a cohort did "
        "not test stay not tested; a column tells where each patient comes from, to compare by "
        "or to stratify. What did not match, and who may be in two cohorts, stands in the "
        "findings. The cohorts stay as they are."
    )
    chosen = st.multiselect(
        "Cohorts", cohort_keys(), key=_CHOSEN, max_selections=_MOST, persist_state="page",
        format_func=lambda key: markdown_escaped(cohort_title(key)), placeholder="Two or more",
        select_all=False,
    )  # fmt: skip
    st.text_input(
        "Name of the whole", key=_NAME, max_chars=80, width=320, persist_state="page",
        placeholder="those of the cohorts",
    )  # fmt: skip
    st.button(
        "Combine", key="combine", type="primary", disabled=len(chosen) < _FEWEST,
        on_click=_combine,
    )  # fmt: skip


def _combine() -> None:
    keys: list[str] = st.session_state.get(_CHOSEN, [])
    name = (st.session_state.get(_NAME) or "").strip()
    try:
        whole = combine([loaded_cohort(key) for key in keys], name=name)
    except CohortError as error:
        tell_outcome(str(error), good=False)
        return
    open_next(keep_upload(whole))
    tell_outcome(
        f"{count(len(keys), 'cohort')} were combined: {count(whole.n, 'patient')}, "
        f"{count(whole.alterations.shape[1], 'alteration')}, "
        f"{count(len(whole.endpoints), 'endpoint')}. What did not match stands in the findings."
    )
