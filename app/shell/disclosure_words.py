"""What every place says of the selection while disclosure control is on."""

from __future__ import annotations

import streamlit as st

from app.cohort.disclosure import Disclosure, DisclosureError
from app.shell.accounts import disclosure_policy
from app.shell.session import Looking
from app.study.wording import capitalised


def stop_on_wrong_setting() -> None:
    """Show nothing but a sentence where the setting cannot be obeyed."""
    try:
        disclosure_policy()
    except DisclosureError as error:
        st.error(str(error))
        st.stop()


def refusal(looking: Looking) -> str:
    """Why nothing is shown of the selection; empty where it may be looked at, or control is off."""
    policy = disclosure_policy()
    return "" if policy is None else policy.refusal(looking.selection, looking.filter)


def draw_released_selection(looking: Looking, policy: Disclosure) -> None:
    """The sidebar's number of patients, sentence and steps, as they may be shown."""
    selection = looking.selection
    refused = refusal(looking)
    if refused:
        st.warning(refused)
    else:
        everyone = policy.in_words(looking.cohort.n)
        st.markdown(f"**About {policy.in_words(selection.n)} of {everyone} patients**")
    st.caption(
        f"Disclosure control is on: counts below {policy.threshold} are hidden, others rounded to "
        f"{policy.threshold}. The Methods page says how."
    )
    if looking.filter.is_empty:
        st.caption("Everyone. Each choice above narrows the selection.")
        return
    st.caption(f"{capitalised(selection.sentence)}.")
