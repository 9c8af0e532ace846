"""The notice where the address asks for a cohort that this session does not hold.

An upload that was not kept lives in the session that loaded it. After a restart of the server or a
reload another cohort must not stand in its place: the numbers on screen would be those of other
patients.
"""

from __future__ import annotations

import streamlit as st

from app.cohort.escaping import markdown_escaped
from app.shell.links import gone_cohort, leave_gone_cohort
from app.shell.workspace.kept import said
from app.views.data.page_loading import draw_loading


def draw_gone_cohort() -> None:
    """Say what is gone, offer to load it again, and leave the address as it is meanwhile."""
    asked = gone_cohort()
    st.title("This cohort is not here any more", anchor=False)
    what = "The files that you loaded" if asked.startswith("upload") else "The cohort"
    st.info(
        f"{what} (in the address: {markdown_escaped(asked)}) are not held by this session. Uploads "
        "that are not kept stay in the memory of the server for one session only; it was "
        "restarted, the page was reloaded, or the link comes from another session. Nothing else is "
        "shown in their place. "
        "Load the same files again, and this page comes back with its filter and settings."
        if asked.startswith("upload")
        else f"{what} that the address asks for ({markdown_escaped(asked)}) is not held by this "
        "session. Load it below, or look at another; nothing is shown in its place."
    )
    sentence = said()
    if sentence:
        st.warning(markdown_escaped(sentence))
    draw_loading()
    if st.button("Look at the simulated MPN cohort instead", key="leave_gone"):
        leave_gone_cohort()
