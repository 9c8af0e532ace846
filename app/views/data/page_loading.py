"""Where cohorts come from: the user's files, the public catalogue, cBioPortal, a database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pandas as pd
import streamlit as st

from app.cohort.tally import TallyError
from app.shell.accounts import disclosure_policy, may
from app.shell.controls.choice import choice
from app.shell.navigation import HOME
from app.shell.session import DATABASE, Source, hold_public, public_cohort, public_key
from app.shell.sidebar import open_next
from app.shell.tables import draw_table
from app.shell.work.engine import allowed_sources, hold_engine, why_no_engine
from app.shell.work.waiting import while_waiting
from app.views.data.page_uploading import (
    draw_outcome,
    draw_upload,
    open_loaded,
    refuse_loaded,
    tell_outcome,
)
from data_loaders import Cohort, CohortError, load_cohort
from data_loaders.allowed import Allowed
from data_loaders.catalogue import CatalogueEntry, catalogue, is_cached
from data_loaders.cbioportal.api import PUBLIC, StudySummary, list_studies, load_from_api
from data_loaders.databases import TooLargeError, read_database
from data_loaders.settings import SOURCES

_FILES, _PUBLIC, _PORTAL, _DATABASE = "Your files", "Public cohorts", "cBioPortal", "Database"
_TABLE_HEIGHT = 330
_STUDIES = "_studies_found"
_TOO_LARGE = "_database_too_large"
_SEARCH_SECONDS = 30.0


@dataclass(frozen=True)
class _Instance:
    """Which cBioPortal was asked, and with what token."""

    address: str
    token: str | None = field(default=None, repr=False)


def draw_loading() -> None:
    """The choice of a source and its controls; nothing is fetched before a button is pressed."""
    if not may("load"):
        st.caption("Your role on this server looks at the cohorts that it has.")
        return
    sources = (_FILES, _PUBLIC, _PORTAL, _DATABASE)
    source = choice("Load from", sources, "source", linked=False, quiet=True)
    if source == _PUBLIC:
        _draw_catalogue()
    elif source == _PORTAL:
        _draw_portal()
    elif source == _DATABASE:
        _draw_database()
    else:
        draw_upload()
    draw_outcome()


def _draw_catalogue() -> None:
    entries = list(catalogue().values())
    draw_table(
        pd.DataFrame([_row(entry) for entry in entries]),
        key="catalogue",
        height=_TABLE_HEIGHT,
        column_config={"Cohort": st.column_config.TextColumn(pinned=True)},
    )
    chosen = st.selectbox(
        "Published cohort",
        entries,
        format_func=lambda entry: f"{entry.title} · {entry.disease}",
        key="published",
    )
    st.caption(
        " ".join(
            text
            for text in (
                chosen.citation,
                f"Licence: {chosen.licence.removesuffix('.')}.",
                chosen.note,
                _where_from(chosen),
            )
            if text
        )
    )
    if st.button("Load this cohort", key="load_published", type="primary"):
        _load(lambda tell: _published(chosen, tell), chosen.title, keep=False)


def _row(entry: CatalogueEntry) -> dict[str, str]:
    return {
        "Cohort": entry.title,
        "Disease": entry.disease,
        "Size": entry.size,
        "Endpoints": ", ".join(key.upper() for key in entry.endpoints) or "known once loaded",
        "Here": "on this machine" if is_cached(entry) else "to be fetched",
        "Licence": entry.licence,
    }


def _where_from(entry: CatalogueEntry) -> str:
    if entry.study_id:
        return f"It is fetched from {entry.source}, over the web, when you ask for it."
    if is_cached(entry):
        return f"From {entry.source}; it is on this machine already."
    size = (entry.download_bytes or 0) / 2**20
    return f"It is fetched once from {entry.source} ({size:.1f} MiB) when you ask for it."


def _published(entry: CatalogueEntry, tell: Callable[[str, float], None]) -> Cohort:
    if not is_cached(entry):
        # With progress, which what is shared between sessions cannot show.
        load_cohort(public_key(entry.name), progress=tell)
    tell("Opening the cohort", 0.95)
    cohort = public_cohort(entry.name)
    hold_public(entry.name)
    open_next(public_key(entry.name))
    return cohort


def _draw_portal() -> None:
    allowed = allowed_sources()
    if allowed.nothing:
        _say_not_offered("Portals")
        return
    st.caption(
        "Studies of the public cBioPortal or of your hospital's own. The address you give is "
        "contacted when you press a button, and no other."
    )
    # A form takes over what was typed when its button is pressed, however the field was left.
    with st.form("portal", enter_to_submit=True):
        left, right = st.columns(2)
        address = left.text_input("Address", value=PUBLIC, key="portal_address")
        token = right.text_input(
            "Data access token",
            type="password",
            key="portal_token",
            placeholder="only where the instance asks for one",
        )
        words, button = st.columns([4, 1], vertical_alignment="bottom")
        keyword = words.text_input(
            "Look for", key="portal_words", placeholder="leukemia, myelo, ..."
        )
        asked = button.form_submit_button("Search", key="portal_search", width="stretch")
    if asked:
        st.session_state[_STUDIES] = None
        tell_outcome(None)
        _search(_Instance(address.strip(), token.strip() or None), keyword.strip())
    held: tuple[_Instance, list[StudySummary]] | None = st.session_state.get(_STUDIES)
    if held is None:
        return
    instance, studies = held
    chosen = st.selectbox(
        "Study",
        studies,
        format_func=lambda study: f"{study.name} ({study.study_id})",
        key="portal_study",
    )
    size = f"{chosen.samples:,} samples. " if chosen.samples is not None else ""
    st.caption(f"{size}{chosen.citation or chosen.description}")
    if st.button("Load this study", key="portal_load", type="primary"):
        _load(
            lambda tell: load_from_api(
                instance.address,
                chosen.study_id,
                instance.token,
                progress=lambda share, what: tell(what.removesuffix("."), share),
            ),
            chosen.name,
        )


def _search(instance: _Instance, keyword: str) -> None:
    """Keep the studies found, or say why there are none."""
    try:
        allowed_sources().check_web(instance.address)
    except CohortError as error:
        tell_outcome(str(error), good=False)
        return
    said = f"Asking {instance.address} for its studies, for {_SEARCH_SECONDS:.0f} seconds at most"
    try:
        studies = while_waiting(
            lambda: list_studies(
                instance.address, keyword, instance.token, timeout=_SEARCH_SECONDS, attempts=1
            ),
            said,
            key="portal_stop",
            on_stop=partial(tell_outcome, "The search was stopped.", good=False),
        )
    except CohortError as error:
        tell_outcome(str(error), good=False)
        return
    if not studies:
        words = f" for “{keyword}”" if keyword else ""
        tell_outcome(f"No study was found{words}; try fewer or other words.", good=False)
        return
    st.session_state[_STUDIES] = (instance, studies)


def _draw_database() -> None:
    allowed = allowed_sources()
    if allowed.nothing:
        _say_not_offered("Databases")
        return
    st.caption(
        "One row a patient, from PostgreSQL or a DuckDB file. Nothing is changed there, and the "
        "password is kept nowhere."
    )
    with st.form("database"):
        address = st.text_input(
            "Address",
            type="password",
            key="database_address",
            placeholder="postgresql://user:password@host/database or duckdb:///folder/file.duckdb",
        )
        left, right = st.columns([1, 2])
        table = left.text_input(
            "Table or view", key="database_table", placeholder="registry.patients"
        )
        query = ""
        if disclosure_policy() is None:
            query = right.text_area(
                "or a query (one SELECT)", key="database_query", placeholder="SELECT ...", height=68
            )
        else:
            # A query could repeat rows, or put a name where a diagnosis is expected.
            right.caption("Queries are not offered under disclosure control.")
        with st.container(horizontal=True):
            asked = st.form_submit_button(
                "Load from the database", key="database_load", type="primary"
            )
            where = not why_no_engine() and st.form_submit_button(
                "Ask it where it lies", key="database_ask",
                help="For a table of any size, also a folder of Parquet files: counts leave it, "
                "and a random sample for what needs rows.",
            )  # fmt: skip
    if where:
        _ask_where_it_lies(address.strip(), table.strip())
    if asked:
        tell_outcome(None)
        st.session_state[_TOO_LARGE] = False
        _load(
            lambda _tell: _from_database(allowed, address.strip(), query.strip(), table.strip()),
            table.strip() or "The query",
        )
    if st.session_state.get(_TOO_LARGE) and disclosure_policy() is None:
        st.info("The table can be asked where it lies, whatever its size.")


def _ask_where_it_lies(address: str, table: str) -> None:
    """Open the database on the ordinary pages, which are then drawn from its counts."""
    try:
        hold_engine(address, table)
    except TallyError as error:
        tell_outcome(str(error), good=False)
        return
    tell_outcome(None)
    st.session_state[_TOO_LARGE] = False
    open_next(DATABASE)
    st.switch_page(HOME)


def _from_database(allowed: Allowed, address: str, query: str, table: str) -> tuple[Cohort, Source]:
    """The cohort, and what reads it again: the table stays in the session, the address does not."""
    # Only ever a database: what is no address of one would be taken for a file of the server.
    allowed.check_database(address)
    try:
        held = read_database(address, query or None, table or None)
    except TooLargeError:
        st.session_state[_TOO_LARGE] = bool(table)
        raise
    cohort = held.cohort()
    return cohort, Source(held.cohort, cohort.fingerprint, {})


def _say_not_offered(what: str) -> None:
    st.info(
        f"{what} are not offered on this server: it is reached by others, or disclosure control is "
        f"on, and {SOURCES.name} lists no folders and hosts that it may read for its users."
    )


def _load(
    load: Callable[[Callable[[str, float], None]], Cohort | tuple[Cohort, Source]],
    what: str,
    *,
    keep: bool = True,
) -> None:
    """Load with progress, open what came, or say why nothing did."""
    tell_outcome(None)
    row = st.container(horizontal=True, vertical_alignment="center")
    bar = row.progress(0.0, text="Starting", width="stretch")
    stopped = f"Loading was stopped; {what} was not loaded."
    row.button(
        "Stop", key="stop_loading", type="tertiary", on_click=tell_outcome, args=(stopped,),
        kwargs={"good": False},
    )  # fmt: skip
    try:
        loaded = load(lambda said, share: bar.progress(min(max(share, 0.0), 1.0), text=said))
    except CohortError as error:
        bar.empty()
        refuse_loaded(error)
        return
    cohort, source = loaded if isinstance(loaded, tuple) else (loaded, None)
    open_loaded(cohort, what, source) if keep else tell_outcome(
        f"{what} is open on every page now."
    )
    st.rerun()
