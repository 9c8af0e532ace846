"""Loading the user's own files: a table, several tables, a study folder, an archive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.cohort.escaping import markdown_escaped
from app.shell.accounts import disclosure_policy
from app.shell.links import COHORT
from app.shell.session import Source, cohort_title, keep_upload, who_sends
from app.shell.sidebar import open_next
from app.shell.work.bounds import check_room, sent_too_much
from app.study.wording import count
from data_loaders import Cohort, CohortError
from data_loaders.uploads import load_upload, mapping_among, unpacked

_KEYS = ("upload", "upload_folder")
_OUTCOME = "_upload_outcome"
_ROUND = "_upload_round"
_TRIED = "_upload_tried"
_NAME = "upload_name"
_TYPES = [
    "csv", "tsv", "txt", "maf", "xlsx", "xlsm", "parquet", "gz", "zip", "rdata", "rda", "rds",
    "json",
]  # fmt: skip
_HELP = (
    "One row a patient (CSV, TSV, XLSX, Parquet, RData), or several tables of the same patients: "
    "clinical, mutations, a MAF file. A ZIP archive may hold them. The files stay on the machine "
    "that runs this app; they are kept beyond this session only where you say so."
)


def draw_upload() -> None:
    """Offer to load files or a folder, and say how the last loading went."""
    st.text_input(
        "Name of the cohort",
        key=_NAME,
        placeholder="that of the file",
        max_chars=80,
        width=320,
        help="Give it before you choose the files; it stands on every page and figure.",
    )
    single, folder = st.columns([3, 2], gap="medium")
    # A new key empties the widget: after a loading the next one starts from nothing.
    upload, upload_folder = (f"{key}_{st.session_state.get(_ROUND, 0)}" for key in _KEYS)
    with single:
        st.file_uploader(
            "Your files: one table, or all that belong together",
            type=_TYPES,
            accept_multiple_files=True,
            key=upload,
            on_change=_load,
            args=(upload,),
            help=_HELP,
        )
    with folder:
        st.file_uploader(
            "A folder, such as a cBioPortal study",
            accept_multiple_files="directory",
            key=upload_folder,
            on_change=_load,
            args=(upload_folder,),
            help="Every file of the folder is read; its subfolders, too.",
        )


def draw_outcome() -> None:
    """How the last loading went."""
    outcome = st.session_state.get(_OUTCOME)
    if outcome is not None:
        good, sentence = outcome
        # What was refused is of no cohort that is open: all of the sentence is text.
        (st.success if good else st.error)(markdown_escaped(sentence))


def has_just_loaded() -> bool:
    """Whether the last loading of this session gave a cohort."""
    outcome = st.session_state.get(_OUTCOME)
    return outcome is not None and bool(outcome[0])


def tell_outcome(sentence: str | None, *, good: bool = True) -> None:
    """Say how a loading went, until the next; None says nothing.

    Parameters
    ----------
    good
        Whether something was loaded.
    """
    st.session_state[_OUTCOME] = None if sentence is None else (good, sentence)


def open_loaded(cohort: Cohort, what: str, source: Source | None = None) -> None:
    """Keep a loaded cohort, have the next run open it on every page, and say what was read.

    Parameters
    ----------
    source
        What reads it again, where that is possible.
    """
    open_next(keep_upload(cohort, source))
    verb = "were" if what.endswith(" files") else "was"
    tell_outcome(
        f"{what} {verb} read: {_patients(cohort)}, "
        f"{count(cohort.alterations.shape[1], 'alteration')}, "
        f"{count(len(cohort.endpoints), 'endpoint')}. It is open on every page now."
    )


def _patients(cohort: Cohort) -> str:
    policy = disclosure_policy()
    if policy is None:
        return count(cohort.n, "patient")
    return f"patients about {policy.in_words(cohort.n)}"


def refuse_loaded(error: CohortError) -> None:
    """Say why nothing was loaded, and what is still open; call it in a callback."""
    held = st.session_state.get(COHORT)
    still = "" if held is None else f" You still look at {cohort_title(held)}."
    tell_outcome(f"{error}{still}", good=False)


def _load(key: str) -> None:
    """Turn the uploaded files into a cohort and open it; on failure keep everything as it was.

    Files stay in the widget until they load, so that one that was missing can be added. What was
    refused before does not spoil what is added now.
    """
    uploaded = st.session_state.get(key)
    if not uploaded:
        tell_outcome(None)
        return
    tried = st.session_state.get(_TRIED, frozenset())
    added = [file for file in uploaded if file.file_id not in tried]
    attempts = [uploaded, added] if added and len(added) < len(uploaded) else [uploaded]
    refusal: CohortError | None = None
    for files in attempts:
        try:
            _load_together({file.name: file.getvalue() for file in files})
        except CohortError as error:
            refusal = error
            continue
        st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
        st.session_state[_TRIED] = frozenset()
        return
    st.session_state[_TRIED] = frozenset(file.file_id for file in uploaded)
    if refusal is not None:
        refuse_loaded(refusal)


def _load_together(files: Mapping[str, bytes]) -> None:
    # As they came, archives closed: a script names what the user has. The mapping among them is
    # left to the loader, which names its file in a finding.
    name = st.session_state.get(_NAME, "").strip() or None
    refusal = sent_too_much(who_sends())
    if refusal:
        raise CohortError(refusal)
    check_room(sum(map(len, files.values())))
    cohort = load_upload(files, name=name)
    mapping: Mapping[str, Any] = mapping_among(unpacked(files))
    what = next(iter(files)) if len(files) == 1 else count(len(files), "file")
    open_loaded(cohort, what, Source.of_files(files, mapping, name))
