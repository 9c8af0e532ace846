"""Groups side by side at a glance, from a tally."""

from __future__ import annotations

import streamlit as st

from app.shell.controls.choice import pick
from app.shell.layout import bullets
from app.shell.links import ENDPOINT, endpoint_labels
from app.study.analyses import REGISTRY
from app.views.compare.answer import comparison_answer
from app.views.tallied.analysis import tallied_comparison
from app.views.tallied.page_parts import Asked, draw_figures, draw_groups, draw_view

GLANCE = REGISTRY["compare.groups"].label


def draw_compare(asked: Asked) -> None:
    """Clinical differences, alterations and survival of the groups."""
    draw_view(asked, "compare", (GLANCE,))
    left, right = st.columns(2)
    with left:
        spec = draw_groups(asked, needed=True)
    if spec is None:
        st.info("There is no variable or alteration to compare by.")
        return
    labels = endpoint_labels(asked.tally.cohort)
    endpoint = ""
    if labels:
        with right:
            endpoint = pick("Endpoint", labels, ENDPOINT, labels=labels)
    result = asked.ask(
        ("comparison", spec, endpoint),
        lambda tally: tallied_comparison(tally, asked.filter, spec, endpoint),
    )
    until = None if result.survival is None else result.survival.supported_until
    answer = comparison_answer(asked.tally.cohort, result, until=until)
    bullets(answer.sentences)
    draw_figures(asked, answer, 2)
