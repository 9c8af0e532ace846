"""Who carries what, patient by patient."""

from __future__ import annotations

import streamlit as st

from app.shell.controls.choice import pick, several
from app.shell.links import feature_labels
from app.shell.memory import ask, result_or_reason
from app.shell.session import Looking
from app.shell.show import Frame, show, take_away
from app.study.analyses import answer_of
from app.views.genomics.page_controls import draw_groups, draw_kinds

_ROWS = [10, 15, 20, 30, 40]
_KINDS = ("categorical", "ordinal", "binary", "numeric")
_FIRST_TRACKS = ("diagnosis", "sex", "age_years")
_MOST_TRACKS = 6


def draw_oncoprint(looking: Looking) -> None:
    """Draw the controls, the oncoprint and what it says."""
    left, middle, right = st.columns([4, 5, 4], vertical_alignment="bottom")
    with left:
        kinds = draw_kinds(looking)
    with middle:
        chosen = draw_groups(looking)
    with right, st.popover("Rows and tracks", icon=":material/tune:", width="stretch"):
        most = pick("Alterations", _ROWS, "oncoprint_rows", default=20)
        picked = _draw_picked(looking)
        tracks = _draw_tracks(looking)
    settings = {"kinds": kinds, "most": most, "tracks": tracks, "chosen": picked}
    question = ask(looking, "genomics.oncoprint", settings, chosen.spec, chosen.arrangement)
    result = result_or_reason(question)
    if result is None:
        return
    answer = answer_of(question, looking.cohort, result)
    # The figure needs the whole width: the words stand under it.
    show(answer, Frame(*(st.container() for _ in range(3))))
    take_away(answer, question)


def _draw_picked(looking: Looking) -> list[str]:
    labels = feature_labels(looking.cohort)
    return several(
        "Or these, in this order", labels, "oncoprint_features", labels=labels,
        placeholder="The most frequent",
    )  # fmt: skip


def _draw_tracks(looking: Looking) -> list[str]:
    variables = looking.cohort.variables
    options = [name for name, v in variables.items() if v.kind in _KINDS and v.role != "outcome"]
    first = [name for name in _FIRST_TRACKS if name in options] or options[:2]
    picked = st.multiselect(
        "Clinical tracks",
        options,
        default=first,
        format_func=lambda name: variables[name].label if name in variables else name,
        key="oncoprint_tracks",
        max_selections=_MOST_TRACKS,
        help="Numbers are cut at their quartiles.",
        select_all=False,
    )
    return [name for name in picked if name in options]
