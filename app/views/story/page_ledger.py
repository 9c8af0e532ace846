"""What this session looked at, said calmly; and hypotheses, frozen and confirmed."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.shell.layout import download, download_table
from app.shell.session import looking_at
from app.shell.story.ledger import held_ledger
from app.shell.tables import draw_table
from app.study.files.tables import file_stem
from app.study.ledger import (
    HYPOTHESIS_FILE,
    Comparison,
    Direction,
    Entry,
    Hypothesis,
    Ledger,
    LedgerError,
    confirm,
)
from app.study.question import QuestionError
from app.views.story.page_stage import answer_here

_HEADS = {
    "comparison": "Comparison", "p_value": "p", "rank": "Place", "q_value": "q", "title": "Of",
}  # fmt: skip
_MOST_SHOWN, _LARGEST = 12, 2**18
_DIRECTIONS: dict[str, Direction] = {"Either way": "either", "Above": "above", "Below": "below"}
_STATES = {"confirmed": st.success, "not confirmed": st.warning, "cannot be asked": st.info}


def draw_ledger() -> None:
    """The ledger of the session, then what can be frozen and confirmed."""
    ledger = held_ledger()
    st.subheader("What was looked at", anchor=False)
    st.markdown(ledger.sentence())
    table = ledger.table()
    if len(table):
        smallest = table.sort_values("p_value").head(_MOST_SHOWN)
        draw_table(
            smallest[["comparison", "p_value", "rank", "q_value", "title"]], key="story_ledger",
            column_config=_HEADS,
        )  # fmt: skip
        more = f"The {len(smallest):,} smallest of {len(table):,}; " * (len(table) > len(smallest))
        st.caption(
            f"{more}q is Benjamini-Hochberg's over every comparison, whichever the cohort. Tests "
            "that say the same in another way, and checks of assumptions, are not counted."
        )
        download_table("Ledger (CSV)", ledger.table, key="story_ledger_csv", stem="ledger")
    with st.expander("Freeze a hypothesis, confirm one in other patients", key="story_hypotheses"):
        _draw_freezing(ledger)
        _draw_confirming()


def _draw_freezing(ledger: Ledger) -> None:
    found = {
        f"{number}. {entry.title}: {one.what}": (entry, one)
        for number, entry in enumerate(ledger.entries, start=1)
        for one in entry.comparisons
    }
    if not found:
        st.caption("Ask something that compares, and it can be frozen here.")
        return
    chosen = st.selectbox("What was seen", list(found), key="story_freeze_what")
    entry, one = found[chosen]
    named = "Expected effect" if one.null == 0 else "Expected ratio"
    told = list(_DIRECTIONS) if one.effect is not None else ["Either way"]
    way = st.segmented_control(named, told, default=told[0], key="story_freeze_way", required=True)
    words = st.text_input("What is expected of other patients", key="story_freeze_words")
    _offer(entry, one, words, _DIRECTIONS[way or "Either way"])


def _offer(entry: Entry, one: Comparison, words: str, way: Direction) -> None:
    try:
        text = Hypothesis(entry.question, one.sheet, one.what, words, way).to_json()
    except (LedgerError, QuestionError) as error:
        st.button("Freeze (JSON)", key="story_freeze", disabled=True, help=str(error))
        return
    file = f"{file_stem(entry.question.analysis, one.what)}{HYPOTHESIS_FILE}"
    download("Freeze (JSON)", partial(str, text), file, "story_freeze", help=_FROZEN)


_FROZEN = (
    "The question, what is expected, the data's fingerprint, the date, and a digest of all of it: "
    "no patients. Deposit it before other patients are looked at."
)


def _draw_confirming() -> None:
    looking = looking_at()
    file = st.file_uploader(
        f"A frozen hypothesis ({HYPOTHESIS_FILE}), asked of {looking.cohort.name}",
        type="json", key="story_confirm",
    )  # fmt: skip
    if file is None:
        return
    try:
        if file.size > _LARGEST:
            raise LedgerError("The file is larger than 256 kB: no hypothesis is.")  # noqa: TRY301
        frozen = Hypothesis.from_json(file.getvalue())
    except LedgerError as error:
        st.error(str(error))
        return
    verdict = confirm(frozen, looking.key, looking.cohort, answer_here)
    st.markdown(
        f"Frozen on {frozen.frozen[:10]}: “{frozen.expected}” ({frozen.what}; SHA-256 "
        f"{frozen.sha256[:12]})."
    )
    _STATES[verdict.state](verdict.said)
