"""What is kept on this machine: asked once, deleted for good, brought back in earlier versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from app.cohort.escaping import literal, markdown_escaped
from app.cohort.filters import Filter
from app.shell.layout import download
from app.shell.session import Looking, move_upload, source_of, uploads
from app.shell.sidebar import open_next
from app.shell.workspace.keeping import is_to_be_asked, keep_cohort, refuse_keeping
from app.shell.workspace.kept import (
    COLUMNS,
    MAPPING,
    delete_kept,
    kept_cohorts,
    refresh_kept,
    say,
    shared,
    workspace,
)
from app.shell.workspace.owner import owner_of_session
from app.shell.workspace.shelf import UNREADABLE
from app.study.files.tables import file_stem
from app.study.wording import count
from app.study.workspace import (
    KeptCohort,
    Saved,
    WorkspaceError,
    from_archive,
    store_setting,
    to_archive,
)
from app.views.data.page_sharing import draw_shared_with_me, draw_sharing
from app.views.data.page_uploading import open_loaded, refuse_loaded, tell_outcome
from data_loaders import CohortError
from data_loaders.loading import is_everybodys
from data_loaders.mapping.corrections import in_words

_ROUND = "_workspace_round"
_KINDS = {
    "filter": "Filter", "groups": "Groups", "derived": "Derived", "names": "Names of subgroups",
    MAPPING: "Corrections", "story": "Story",
}  # fmt: skip
_WITH_IT = (
    "its corrections, what was derived, saved filters and groups, names of subgroups, story and "
    "ledger"
)


def draw_question(looking: Looking) -> None:
    """Ask, once, whether what was loaded is to be kept."""
    if not is_to_be_asked(looking.key):
        return
    with st.container(border=True, key="keep_question"):
        st.markdown(
            f"**Keep {markdown_escaped(looking.cohort.name)} on this machine?** It then comes back "
            f"after a reload or a restart, with {_WITH_IT}. {_where()} You can delete it here at "
            "any time; otherwise it is gone with this session."
        )
        same = _kept_under_its_name(looking)
        if same is not None:
            st.markdown(
                "You keep a cohort of this name with other content: "
                f"{count(same.patients, 'patient')}, fingerprint {same.fingerprint[:12]}; this one "
                f"has {looking.cohort.n:,}, fingerprint {looking.cohort.fingerprint[:12]}."
            )
        with st.container(horizontal=True):
            keep = st.button(
                "Keep on this machine", key="keep_now", type="primary", icon=":material/bookmark:"
            )
            if same is not None:
                st.button(
                    "Put it in the place of that", key="keep_instead",
                    on_click=_keep_instead, args=(looking, same.key),
                    help="The data kept under this name are replaced: export them first if you "
                    "need them. Its filters, names, story and ledger go on with the new ones; what "
                    "was made of the others says so.",
                )  # fmt: skip
            st.button(
                "Only for this session", key="keep_not", on_click=refuse_keeping,
                args=(looking.key,),
            )  # fmt: skip
    if keep:
        _keep(looking)


def draw_workspace(looking: Looking) -> None:
    """What is kept of this cohort, its versions, and the workspace as one file."""
    with st.expander(
        "Kept on this machine", icon=":material/bookmark:", key="workspace", on_change="rerun"
    ) as box:
        if not box.open or draw_shared_with_me(looking):
            return
        if owner_of_session() is None:
            st.caption(
                "Nothing is kept on this server: your role keeps nothing, or others reach the "
                "server and without accounts it cannot tell them apart."
            )
            return
        if looking.key in kept_cohorts():
            _draw_kept(looking)
            _draw_versions(looking)
        else:
            _draw_not_kept(looking)
        _draw_file(looking)


def _draw_not_kept(looking: Looking) -> None:
    if is_everybodys(looking.key):
        st.caption(
            "Everybody has this cohort: its data need no keeping. What you save of it (filters, "
            f"groups, names, story, ledger) can be kept. {_where()}"
        )
    else:
        st.caption(f"This cohort is in this session only. {_where()}")
    if st.button("Keep on this machine", key="keep_later", icon=":material/bookmark:"):
        _keep(looking)


def _draw_kept(looking: Looking) -> None:
    held = kept_cohorts()[looking.key]
    st.caption(f"Kept since {_time(held.kept)}, with {_WITH_IT}. {_where()}")
    with st.container(horizontal=True):
        if held.has_data:
            draw_sharing(looking)
        with st.popover("Delete", icon=":material/delete:", key="keep_delete"):
            st.caption(
                "Its files, and every version of all that was saved about it, are deleted for "
                "good. This session holds the cohort until it ends."
            )
            st.button(
                "Delete it for good", key="keep_delete_now", type="primary", on_click=_delete,
                args=(looking.key,),
            )  # fmt: skip


def _draw_versions(looking: Looking) -> None:
    found = workspace()
    if found is None:
        return
    store, owner = found
    versions = store.versions(owner, looking.key, _KINDS)
    versions += [one for one in store.versions(owner, "", _KINDS) if looking.key in one.about]
    things: dict[tuple[str, str, str], list[Saved]] = {}
    for one in versions:
        things.setdefault((one.scope, one.kind, one.name), []).append(one)
    if not things:
        st.caption("Nothing is saved with it yet.")
        return
    left, right = st.columns([2, 3])
    chosen = left.selectbox(
        "Saved",
        list(things),
        key="kept_thing",
        format_func=lambda t: _thing(t, things[t]) if t in things else str(t),
    )
    held = {one.version: one for one in reversed(things[chosen])}
    newest, now = max(held), looking.cohort.fingerprint
    number = right.selectbox(
        "Version", list(held), key=f"kept_version_{len(held)}",
        format_func=lambda n: _version(held[n], now) if n in held else str(n),
    )  # fmt: skip
    version = held.get(number, held[newest])
    st.button(
        "Bring this version back", key="kept_restore", icon=":material/restore:",
        disabled=version.version == newest or version.content is None, on_click=_restore,
        args=(looking, version),
        help="It becomes the newest version; those between stay.",
    )  # fmt: skip


def _draw_file(looking: Looking) -> None:
    """Export and import."""
    found = workspace()
    kept = tuple(key for key in kept_cohorts() if shared(key) is None)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for label, keys, key in (
            ("This cohort with all that is saved (ZIP)", (looking.key,), "export_one"),
            (f"Everything kept, {count(len(kept), 'cohort')} (ZIP)", kept, "export_all"),
        ):
            if found is not None and keys and set(keys) <= set(kept):
                stem = file_stem(looking.cohort.name if len(keys) == 1 else "all", "workspace")
                download(
                    label, partial(to_archive, *found, keys), f"{stem}.zip", key,
                    mime="application/zip",
                    help="With the patients' data and identifiers: treat it as patient data.",
                )  # fmt: skip
    key = f"workspace_file_{st.session_state.get(_ROUND, 0)}"
    st.file_uploader(
        "Take in a workspace that was exported", type="zip", key=key, on_change=_take_in,
        args=(key,),
        help="Its cohorts and all that is saved with them are kept on this machine.",
    )  # fmt: skip


def _where() -> str:
    where = store_setting()
    if isinstance(where, Path):
        return f"It stays in the folder {literal(str(where))}."
    return "It stays in the database of this server."


def _keep(looking: Looking) -> None:
    try:
        with st.spinner("Keeping it"):
            keep_cohort(looking.key)
    except WorkspaceError as error:
        say(str(error))
    st.rerun()


def _kept_under_its_name(looking: Looking) -> KeptCohort | None:
    """A kept cohort of the same name, such as the same registry of last month."""
    named = (one for one in kept_cohorts().values() if one.name == looking.cohort.name)
    return next((one for one in named if one.has_data and shared(one.key) is None), None)


def _keep_instead(looking: Looking, key: str) -> None:
    move_upload(looking.key, key)
    open_next(key)
    try:
        keep_cohort(key)
    except WorkspaceError as error:
        say(str(error))


def _delete(key: str) -> None:
    try:
        delete_kept(key)
    except WorkspaceError as error:
        say(str(error))
        return
    if key in uploads():
        refuse_keeping(key)


def _restore(looking: Looking, version: Saved) -> None:
    """Make a version the newest; what it is of is read anew by whoever holds it."""
    source = source_of(looking.key)
    try:
        if version.kind == MAPPING and source is not None:
            cohort = source.read(version.content, source.name)
            open_loaded(
                cohort, "Your table, as it was corrected then,",
                replace(source, mapping=version.content),
            )  # fmt: skip
            return
        found = workspace()
        if found is not None:
            store, owner = found
            store.save(
                owner, version.scope, version.kind, {version.name: version.content},
                fingerprint=version.fingerprint, about=version.about,
            )  # fmt: skip
        refresh_kept()
    except CohortError as error:
        refuse_loaded(error)
    except WorkspaceError as error:
        say(str(error))


def _take_in(key: str) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    try:
        found = workspace(make=True)
        if found is None:
            return
        keys = from_archive(*found, file.getvalue())
    except WorkspaceError as error:
        tell_outcome(str(error), good=False)
        return
    refresh_kept()
    for taken in keys:
        uploads().pop(taken, None)  # it is read from where it is kept
    if keys:
        open_next(keys[0])
    tell_outcome(f"{file.name} was taken in: {count(len(keys), 'cohort')} with all that is saved.")


def _time(at: str) -> str:
    return f"{at[:10]} {at[11:16]} UTC"


def _thing(thing: tuple[str, str, str], versions: list[Saved]) -> str:
    _, kind, name = thing
    named = f": {name}" if kind in {"filter", "groups"} else ""
    return f"{_KINDS[kind]}{named} ({count(len(versions), 'version')})"


def _version(one: Saved, fingerprint: str) -> str:
    other = one.fingerprint not in {"", fingerprint}
    of = f" · of other content ({one.fingerprint[:12]})" * other
    return f"{one.version} · {_time(one.at)} · {_summary(one)}{of}"


def _summary(one: Saved) -> str:
    """What a version holds, in a few words."""
    if one.content is None:
        return "dropped"
    content: Mapping[str, Any] = one.content
    try:
        if one.kind == "filter":
            return Filter.from_dict(dict(content)).describe()
        if one.kind == "story":
            return f"{content['title']}, {count(len(content['steps']), 'step')}"
        if one.kind == MAPPING and one.name == COLUMNS:
            return "; ".join(in_words(content)) or "as it was read"
        if one.kind == "derived":
            return ", ".join(definition["name"] for definition in one.content) or "none"
        if one.kind == "names":
            return ", ".join(map(str, content.values())) or "none"
    except UNREADABLE:
        return "of another version of CALR Explorer"
    return "saved"
