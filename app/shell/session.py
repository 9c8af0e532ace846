"""Which cohorts a session can open, and the one it looks at."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.web.server.server_util import get_cookie_secret

from app.cohort.filters import Filter, Selection
from app.cohort.scores import SCORES, with_scores
from app.shell.accounts import disclosure_policy, may, person
from app.shell.made.derived import with_definitions
from app.shell.watch.audit import note
from app.shell.work.bounds import hold
from app.shell.work.engine import held_engine
from app.shell.workspace.kept import UPLOADS, kept_cohorts, open_kept, reader_of, shared
from app.study.workspace import Original, WorkspaceError
from data_loaders import Cohort, CohortError, load_cohort
from data_loaders.demo import DEMO_COHORTS
from data_loaders.uploads import load_upload

DEFAULT_COHORT = "demo:mpn"
# Key of the database that the session asks: a cohort without a patient, with its dictionary.
DATABASE = "database"
SCORE_VARIABLES = "scores"
_SOURCES = "_upload_sources"
_HELD_PUBLIC = "_public_cohorts"
_PUBLIC = "catalogue:"
_UPLOAD = "upload:"
_LETTERS = 10
LOOKING_AT = "_looking_at"
_KEYS = "_keys_of_cohorts"
_CHANGED = "_kept_changed"


@dataclass(frozen=True, eq=False)
class Source:
    """What understands the data again, the mapping in use, and the cohort's name.

    Attributes
    ----------
    read
        Takes a mapping and a name; holds the uploaded files, or what a database gave.
    digest
        Of the data, the same when they are loaded again.
    mapping, name
        What the cohort was read under.
    files
        The uploaded files by name; None where the data did not come so, or are kept elsewhere.
    """

    read: Callable[[Mapping[str, Any], str | None], Cohort]
    digest: str
    mapping: Mapping[str, Any]
    name: str | None = None
    files: Mapping[str, bytes] | None = None

    @classmethod
    def of_files(
        cls, files: Mapping[str, bytes], mapping: Mapping[str, Any], name: str | None = None
    ) -> Source:
        """Uploaded files, by name."""
        digest = hashlib.sha256()
        for file in sorted(files):
            digest.update(hashlib.sha256(files[file]).digest())
        return cls(partial(load_upload, files), digest.hexdigest(), mapping, name, files)

    @classmethod
    def of_kept(cls, key: str, original: Original) -> Source:
        """The files of a kept cohort."""
        return cls(reader_of(key), original.digest, original.mapping, original.name)


@dataclass(frozen=True, eq=False)
class Looking:
    """What the session looks at: the cohort under its key, the filter, and whom it selects."""

    key: str
    cohort: Cohort
    filter: Filter
    selection: Selection

    @property
    def synthetic(self) -> bool:
        """Whether the data are simulated."""
        return self.cohort.provenance.synthetic

    def for_audit(self) -> dict[str, Any]:
        """What is noted of it: no name, no value, no condition.

        A filter's hash has the server's secret for its key: of few conditions, or of a patient's
        number, a plain hash is found by trying.
        """
        asked = json.dumps(self.filter.to_dict(), sort_keys=True, default=str).encode()
        keyed = hmac.new(get_cookie_secret().encode(), asked, hashlib.sha256).hexdigest()
        return {
            "fingerprint": self.cohort.fingerprint,
            "filter_hash": "" if self.filter.is_empty else keyed[:16],
            "n": self.selection.n,
        }


@st.cache_resource(max_entries=8, show_spinner=False)
def demo_cohort(key: str) -> Cohort:
    """An embedded demo cohort, generated once and shared by everyone: it is nobody's data."""
    cohort = load_cohort(key)
    cohort.states  # noqa: B018  (computed once here rather than in the first visitor's page)
    return cohort


@st.cache_resource(max_entries=4, show_spinner=False)
def public_cohort(name: str) -> Cohort:
    """A cohort of the public catalogue, fetched if need be; shared by everyone: it is published.

    Raises
    ------
    CohortError
        If it cannot be fetched or read.
    """
    cohort = load_cohort(f"{_PUBLIC}{name}")
    cohort.states  # noqa: B018  (computed once here rather than in the first visitor's page)
    return cohort


def public_key(name: str) -> str:
    """Key of a cohort of the catalogue."""
    return f"{_PUBLIC}{name}"


def hold_public(name: str) -> None:
    """Offer a cohort of the catalogue in this session, once it was loaded."""
    held: list[str] = st.session_state.setdefault(_HELD_PUBLIC, [])
    if name not in held:
        held.append(name)


def uploads() -> dict[str, Cohort]:
    """The cohorts this session uploaded; no other session sees them."""
    held: dict[str, Cohort] = st.session_state.setdefault(UPLOADS, {})
    return held


def keep_upload(cohort: Cohort, source: Source | None = None) -> str:
    """Hold an uploaded cohort for this session; returns its key.

    Parameters
    ----------
    source
        What reads it again under another mapping, where that is possible.

    Raises
    ------
    CohortError
        If the session's person may bring no data, or would hold too much.
    """
    if not may("load"):
        raise CohortError("Your role on this server looks at cohorts and brings none of its own.")
    hold(who_sends(), cohort)
    key = _key_for(cohort, source)
    note(person(), "load", fingerprint=cohort.fingerprint, n=cohort.n)
    uploads()[key] = cohort
    sources = st.session_state.setdefault(_SOURCES, {})
    sources.pop(key, None)
    if source is not None:
        sources[key] = source
    if key in kept_cohorts():
        st.session_state.setdefault(_CHANGED, set()).add(key)
    return key


def who_sends() -> str:
    """Whose share of the server this session uses: its person's, or else its own."""
    who, run = person(), get_script_run_ctx(suppress_warning=True)
    return who.subject if who.role is not None or run is None else run.session_id


def move_upload(key: str, to: str) -> None:
    """Hold an uploaded cohort under the key of another, in its place."""
    sources: dict[str, Source] = st.session_state.setdefault(_SOURCES, {})
    for held in (uploads(), sources):
        held.pop(to, None)
        if key in held:
            held[to] = held.pop(key)


def changed_since_kept() -> set[str]:
    """Keys of kept cohorts that were corrected in this session and are to be kept anew, once."""
    return st.session_state.pop(_CHANGED, set())


def original_of(key: str) -> Original | None:
    """What a store keeps of the files of a loaded cohort; None where these cannot be read again."""
    source = source_of(key)
    if source is None or (source.files is None and key not in kept_cohorts()):
        return None
    return Original(source.mapping, source.name, source.digest, source.files)


def source_of(key: str) -> Source | None:
    """What reads a loaded cohort again; None where nothing does."""
    found: Source | None = st.session_state.get(_SOURCES, {}).get(key)
    return found


def cohort_keys() -> list[str]:
    """Keys of all cohorts the session can open, demos first."""
    public = [public_key(name) for name in st.session_state.get(_HELD_PUBLIC, ())]
    kept = [key for key, one in kept_cohorts().items() if one.has_data and key not in uploads()]
    return [f"demo:{key}" for key in DEMO_COHORTS] + public + list(uploads()) + kept


def cohort_title(key: str) -> str:
    """Name of a cohort for people."""
    held_tally = held_engine()
    if key == DATABASE and held_tally is not None:
        return f"{held_tally.tally.name} (database)"
    if key.startswith("demo:"):
        return DEMO_COHORTS[key.removeprefix("demo:")].title
    if key.startswith(_PUBLIC):
        return public_cohort(key.removeprefix(_PUBLIC)).name
    held = uploads().get(key) or kept_cohorts().get(key)
    return key if held is None else held.name


def key_of(cohort: Cohort) -> str:
    """Key of a cohort that this session opened; empty for another."""
    keys: dict[str, str] = st.session_state.get(_KEYS, {})
    return keys.get(cohort.fingerprint, "")


def address_label(key: str) -> str:
    """What the address calls a cohort: an upload by letters that say nothing of it."""
    if key == DATABASE:
        return key
    return key.replace(_UPLOAD, "upload ") if key.startswith(_UPLOAD) else cohort_title(key)


def _key_for(cohort: Cohort, source: Source | None) -> str:
    """Key of an upload, the same when the same data are loaded again; a kept one has its own."""
    told_apart = (cohort.fingerprint if source is None else source.digest)[:_LETTERS]
    key, kept = f"{_UPLOAD}{told_apart}", kept_cohorts()
    if source is not None and source.files is not None and shared(key) is not None:
        # The same files, loaded here: what another keeps of them is not theirs to replace.
        key = f"{_UPLOAD}{source.digest[_LETTERS : 2 * _LETTERS]}"
    same = (held for held, one in kept.items() if one.fingerprint == cohort.fingerprint)
    own = (held for held in same if held.startswith(_UPLOAD) and shared(held) is None)
    return key if key in kept else next(own, key)


def open_cohort(key: str) -> Cohort:
    """The cohort of a key that ``cohort_keys`` lists, with what was derived and scores chosen."""
    if key == DATABASE:
        return loaded_cohort(key)
    cohort = with_scores(with_definitions(key, loaded_cohort(key)), chosen_scores())
    st.session_state.setdefault(_KEYS, {})[cohort.fingerprint] = key
    return cohort


def loaded_cohort(key: str) -> Cohort:
    """The cohort of a key as it was loaded; one that is kept is read when it is first asked for.

    Raises
    ------
    WorkspaceError
        If a kept cohort cannot be read.
    """
    asks = held_engine()
    if key == DATABASE and asks is not None:
        return asks.tally.cohort
    if key.startswith(_PUBLIC):
        return public_cohort(key.removeprefix(_PUBLIC))
    held = uploads().get(key)
    if held is None and key in kept_cohorts() and key.startswith(_UPLOAD):
        held, original = open_kept(key)
        try:
            hold(who_sends(), held)
        except CohortError as error:
            raise WorkspaceError(str(error)) from None
        uploads()[key] = held
        if original is not None:
            st.session_state.setdefault(_SOURCES, {})[key] = Source.of_kept(key, original)
    return held if held is not None else demo_cohort(key)


def chosen_scores() -> list[str]:
    """Keys of the scores that the session, or else its link, has as variables of its cohort."""
    if disclosure_policy() is not None:
        return []
    asked = st.session_state.get(SCORE_VARIABLES)
    if asked is None:
        asked = st.query_params.get_all(SCORE_VARIABLES)
    return [key for key, score in SCORES.items() if key in asked or score.label in asked]


def look_at(key: str, cohort: Cohort, chosen: Filter) -> Looking:
    """Set what the session looks at and return it."""
    before: Looking | None = st.session_state.get(LOOKING_AT)
    if (
        before is not None
        and before.cohort is cohort
        and (before.key, before.filter) == (key, chosen)
    ):
        return before  # with the selected patients as a cohort, where a page made that
    looking = Looking(key, cohort, chosen, chosen.apply(cohort))
    if before is None or before.cohort.fingerprint != cohort.fingerprint:
        note(person(), "open", **looking.for_audit())
    elif before.filter != chosen:
        note(person(), "filter", **looking.for_audit())
    st.session_state[LOOKING_AT] = looking
    return looking


def looking_at() -> Looking:
    """What the session looks at; the sidebar set it before the page ran."""
    looking: Looking = st.session_state[LOOKING_AT]
    return looking


def keep_in_address(name: str, value: str | list[str]) -> None:
    """Have the address say this under a name, and nothing where it is empty."""
    wanted = [value] * bool(value) if isinstance(value, str) else value
    if wanted == st.query_params.get_all(name):
        return
    if wanted:
        st.query_params[name] = wanted
    else:
        del st.query_params[name]
