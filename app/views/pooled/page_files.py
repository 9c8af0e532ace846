"""What a session holds of other sites: their keys, and its own site's record of what it told."""

from __future__ import annotations

import secrets

import streamlit as st

from app.cohort.escaping import markdown_escaped
from app.cohort.tally import SiteRecord, TallyError, read_record
from app.shell.layout import download
from app.study.wording import count

_RECORD, _OPENED, _SUGGESTED = "_site_record", "_site_record_file", "_site_key"


def draw_keys(place: str) -> dict[str, str]:
    """Keys agreed with others, by their names; they stay in this session."""
    with st.expander("Keys agreed with the sites"):
        typed = st.text_area(
            "One a line: name, colon, key", key=f"site_keys_{place}", placeholder="Hospital A: …",
            help="A file signed with another key, or not at all by a site that has one here, is "
            "refused. Keys stay in this session.",
        )  # fmt: skip
    lines = [line.partition(":") for line in (typed or "").splitlines() if ":" in line]
    return {name.strip(): key.strip() for name, _, key in lines if key.strip()}


def draw_own_key(widget: str) -> str | None:
    """The key this site signs with; None leaves its file unsigned."""
    suggested = st.session_state.setdefault(_SUGGESTED, secrets.token_urlsafe(18))
    typed = st.text_input(
        "Key to sign with (optional)", key=widget, type="password", autocomplete="off",
        help="Agreed with the reader by another way than the file's. Signed, nobody without the "
        f"key can change the file unnoticed. One made by chance: {suggested}",
    )  # fmt: skip
    return (typed or "").strip() or None


def signed_words(key: str | None) -> str:
    """Whether a file is signed, beside the button that takes it away."""
    return "not signed" if key is None else "signed with your key"


def held_record() -> SiteRecord:
    """What this site has told so far, as far as this session knows."""
    record: SiteRecord = st.session_state.setdefault(_RECORD, SiteRecord())
    return record


def hold_record(record: SiteRecord) -> None:
    """Keep the record with one more answer."""
    st.session_state[_RECORD] = record


def draw_record(place: str) -> None:
    """Open the record of earlier sessions, and take away what it is now."""
    with st.expander("Record of what this site told"):
        st.caption(
            "Which patients earlier answers were about, as keyed hashes. With it, selections that "
            "differ by a few patients are refused. It is about patients: keep it in the hospital, "
            "open it here before you answer, and take it away after."
        )
        file = st.file_uploader("Record (JSON)", type="json", key=f"record_file_{place}")
        if file is not None and st.session_state.get(_OPENED) != file.file_id:
            try:
                hold_record(read_record(file.getvalue()))
                st.session_state[_OPENED] = file.file_id
            except TallyError as error:
                st.error(markdown_escaped(str(error)))
        record = held_record()
        st.markdown(f"{count(len(record.told), 'answer')} on record.")
        if record.told:
            offer_record(place)


def offer_record(place: str) -> None:
    """The record as a file."""
    download(
        "Record to keep (JSON)", held_record().to_text, "site-record.calr.json", f"record_{place}"
    )
