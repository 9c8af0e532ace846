"""The control that chooses a cohort, and what the address says of it.

The address is written from the labels of a control, and the name of an uploaded file must not stand
in it. So one control that is not seen holds what the address says, and the one that is seen names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from app.shell.links import unique_labels
from app.shell.session import address_label, cohort_title


def draw_cohort_choice(
    label: str,
    keys: Sequence[str],
    default: str,
    *,
    key: str,
    on_change: Callable[[], None] | None = None,
    help: str | None = None,  # noqa: A002  (Streamlit's word)
) -> str:
    """Draw the control; returns the chosen cohort's key.

    Parameters
    ----------
    keys, default
        The cohorts that can be chosen, and the one that is where nothing is.
    key
        Key of what the address holds, and its name there.
    on_change
        Called when another one is chosen.
    """
    addresses = unique_labels(keys, address_label)
    titles = unique_labels(keys, cohort_title)
    if st.session_state.get(key) not in keys:
        st.session_state.pop(key, None)
    with st.container(key=f"{key}_of_address"):
        held = st.selectbox(
            f"{label}, in the address",
            keys,
            index=list(keys).index(default),
            format_func=lambda option: addresses.get(option, option),
            key=key,
            bind="query-params",
            label_visibility="collapsed",
        )
    held = held if held in keys else default
    seen = f"{key}_choice"
    st.session_state[seen] = held

    def choose() -> None:
        if on_change is not None:
            on_change()
        st.session_state[key] = st.session_state[seen]

    st.selectbox(
        label, keys, format_func=lambda option: titles.get(option, option), key=seen,
        on_change=choose, help=help,
    )  # fmt: skip
    return held
