"""Keeping: what one session kept is another's, what it refused is nobody's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit import config
from streamlit.testing.v1 import AppTest

from app.cohort.filters import Filter
from app.shell.session import Source
from app.shell.work.engine import allowed_sources
from app.shell.workspace.kept import _open
from app.shell.workspace.owner import owner_of_session
from app.shell.workspace.place import _writer
from app.study.workspace import opened, to_archive
from data_loaders.settings import SHARED, STORE
from data_loaders.uploads import load_upload
from tests.conftest import ROOT
from tests.pages.conftest import calm, words
from tests.pages.test_data_page import Hand

N = 40
RNG = np.random.default_rng(3)
FILES = {
    "mine.csv": pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(N)],
            "sex": RNG.choice(["female", "male"], N),
            "age_years": 40 + RNG.integers(0, 40, N),
            "os_months": RNG.exponential(30, N).round(1) + 0.1,
            "os_event": RNG.integers(0, 2, N),
            "TP53": RNG.integers(0, 2, N),
            "ASXL1": RNG.integers(0, 2, N),
        }
    )
    .to_csv(index=False)
    .encode()
}


def key_of(files: Mapping[str, bytes]) -> str:
    return f"upload:{Source.of_files(files, {}).digest[:10]}"


KEY = key_of(FILES)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(STORE.name, str(tmp_path / "store"))
    return tmp_path / "store"


def session(
    page: str = "data",
    *,
    upload: bool = False,
    files: Mapping[str, bytes] = FILES,
    **query: str,
) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120)
    at.session_state["workspace"] = True
    at.session_state["data_tabs"] = "Correct what was understood"
    if upload:
        key = key_of(files)
        at.session_state["_uploads"] = {key: load_upload(files, {}, "Mine")}
        at.session_state["_upload_sources"] = {key: Source.of_files(files, {}, "Mine")}
        query = {"cohort": key} | query
    for name, value in query.items():
        at.query_params[name] = value
    at.switch_page(str(ROOT / "pages" / f"{page}.py"))
    return calm(at.run())


def go(at: AppTest, page: str) -> AppTest:
    at.session_state["workspace"] = True  # what is kept is looked up where it is unfolded
    at.switch_page(str(ROOT / "pages" / f"{page}.py"))
    return calm(at.run())


def filters(at: AppTest) -> AppTest:
    """The Cohort page with its saved filters."""
    at.session_state["cohort_tabs"] = "Filter builder"
    return go(at, "cohort")


def save_filter(at: AppTest, name: str) -> None:
    at.multiselect(key="with").set_value(["TP53"])
    filters(at)
    at.text_input(key="filter_name").set_value(name)
    calm(at.button(key="save_filter").click().run())


def bring_back(at: AppTest, thing: tuple[str, str, str]) -> None:
    """The version before the newest of a saved thing."""
    at.selectbox(key="kept_thing").set_value(thing).run()
    assert at.button(key="kept_restore").disabled
    at.selectbox(key="kept_version_2").select_index(1)
    calm(at.run())
    calm(at.button(key="kept_restore").click().run())


def names(at: AppTest) -> list[str]:
    looking = at.session_state["_looking_at"]
    return list(at.session_state["_saved_filters"].get(looking.key, {}))


def test_what_is_refused_is_nowhere_and_not_asked_again(folder: Path):
    at = session(upload=True)
    assert "Keep Mine on this machine?" in words(at)
    calm(at.button(key="keep_not").click().run())
    save_filter(at, "Mutated")
    go(at, "survival")
    go(at, "data")
    assert "Keep Mine on this machine?" not in words(at)
    assert "In this session only" in words(at)
    assert not folder.exists()
    assert KEY not in session().session_state["cohort_choice"]


@pytest.mark.usefixtures("folder")
def test_what_is_kept_comes_back_in_another_session_with_all_that_was_saved():
    at = session("survival", upload=True)
    go(at, "data")
    calm(at.button(key="keep_now").click().run())
    assert "Kept on this machine" in words(at)
    save_filter(at, "Mutated")
    go(at, "survival")
    step = next(b for b in at.button if b.key and b.key.endswith("_story_0"))
    calm(step.click().run())

    again = session("story", cohort=KEY)
    looking = again.session_state["_looking_at"]
    assert (looking.key, looking.cohort.name) == (KEY, "Mine")
    assert looking.cohort.fingerprint == at.session_state["_looking_at"].cohort.fingerprint
    (asked,) = again.session_state["_story"].steps
    assert asked.question == at.session_state["_story"].steps[0].question
    assert "The story is kept" in words(again)
    before = [e.question.key for e in at.session_state["_ledger"].entries]
    held = [e.question.key for e in again.session_state["_ledger"].entries]
    assert before
    assert before == held[: len(before)]
    filters(again)
    assert names(again) == ["Mutated"]

    # A tab that is open sees what another one saves, and what it drops.
    calm(again.button(key="saved_drop_0").click().run())
    assert names(filters(at)) == []

    # And an earlier version comes back.
    go(again, "data")
    thing = (KEY, "filter", "Mutated")
    assert "Filter: Mutated (2 versions)" in again.selectbox(key="kept_thing").options
    bring_back(again, thing)
    filters(again)
    assert names(again) == ["Mutated"]
    assert names(filters(at)) == ["Mutated"]


@pytest.mark.usefixtures("folder")
def test_a_correction_is_kept_and_the_one_before_comes_back():
    at = session(upload=True)
    calm(at.button(key="keep_now").click().run())
    again = session(cohort=KEY)
    hand = Hand(again)
    hand.look_at("ASXL1")
    hand.choose("leave out", "use", "ASXL1")
    hand.press("use_mapping")
    assert "ASXL1" not in hand.cohort.alterations
    third = session(cohort=KEY)
    looking = third.session_state["_looking_at"]
    assert looking.cohort.fingerprint == hand.cohort.fingerprint
    first = at.session_state["_looking_at"].cohort
    bring_back(third, (KEY, "mapping", "columns"))
    assert third.session_state["_looking_at"].cohort.fingerprint == first.fingerprint
    assert session(cohort=KEY).session_state["_looking_at"].cohort.fingerprint == first.fingerprint


@pytest.mark.usefixtures("folder")
def test_a_correction_does_not_undo_that_of_another_tab():
    at = session(upload=True)
    calm(at.button(key="keep_now").click().run())
    first, second = Hand(session(cohort=KEY)), Hand(session(cohort=KEY))
    for hand, gene in ((first, "ASXL1"), (second, "TP53")):
        hand.look_at(gene)
        hand.choose("leave out", "use", gene)
        hand.press("use_mapping")
    assert "TP53" not in second.cohort.alterations, "in this session"
    kept = session(cohort=KEY).session_state["_looking_at"].cohort
    assert kept.fingerprint == first.cohort.fingerprint


def test_a_damaged_cohort_is_said_and_nothing_stands_in_its_place(folder: Path):
    at = session(upload=True)
    calm(at.button(key="keep_now").click().run())
    (table,) = folder.rglob("patients.parquet")
    table.write_bytes(b"x")
    _open.clear()
    home = session("home")
    assert home.selectbox(key="cohort_choice").options[-1] == "Mine", "listed, not read"
    again = session("survival", cohort=KEY)
    assert "changed or damaged" in words(again)
    assert "not here any more" in words(again)


@pytest.mark.usefixtures("folder")
def test_the_page_used_last_is_gone_on_with():
    at = session(upload=True)
    calm(at.button(key="keep_now").click().run())
    at.multiselect(key="with").set_value(["TP53"])
    go(at, "survival")
    at.session_state["_more_conditions"] = Filter.from_dict({"patients": ["P1", "P2", "P3"]})
    calm(at.run())
    wanted = at.session_state["_looking_at"].filter
    _writer.submit(int).result()
    # A link holds no identifiers; what was kept of the page does.
    reloaded = session("survival", **dict(at.query_params) | {"with": "TP53"})
    assert reloaded.session_state["_looking_at"].filter == wanted
    assert not reloaded.warning
    again = session("home")
    assert again.session_state["_looking_at"].key == "demo:mpn"
    calm(again.button(key="go_on").click().run())
    looking = again.session_state["_looking_at"]
    assert (looking.key, looking.filter) == (KEY, wanted)


@pytest.mark.usefixtures("folder")
def test_a_cohort_of_the_same_name_says_so_and_takes_the_place_of_the_other():
    at = session(upload=True)
    calm(at.button(key="keep_now").click().run())
    save_filter(at, "Mutated")
    newer = {"mine.csv": FILES["mine.csv"] + b"P99,female,50,12.5,1,1,0\n"}
    other = load_upload(newer, {}, "Mine")
    at = session(upload=True, files=newer)
    assert "You keep a cohort of this name with other content: 40 patients" in words(at)
    calm(at.button(key="keep_instead").click().run())
    looking = session(cohort=KEY).session_state["_looking_at"]
    assert (looking.key, looking.cohort.fingerprint) == (KEY, other.fingerprint)
    assert names(filters(at)) == ["Mutated"]
    go(at, "data")
    (label,) = [o for o in at.selectbox(key="kept_thing").options if o.startswith("Filter")]
    at.selectbox(key="kept_thing").set_value((KEY, "filter", "Mutated")).run()
    assert "of other content" in at.selectbox(key="kept_version_1").options[0], label
    assert set(opened().originals("local", KEY)) == set(newer)


@pytest.mark.usefixtures("folder")
def test_deleted_here_it_is_nowhere_else_and_an_export_brings_it_back():
    at = session(upload=True)
    calm(at.button(key="keep_now").click().run())
    archive = to_archive(opened(), "local", (KEY,))
    calm(at.button(key="keep_delete_now").click().run())
    assert "In this session only" in words(at)
    assert KEY not in session().session_state["_kept_cohorts"]
    at.file_uploader(key="workspace_file_0").set_value(("mine.zip", archive, "application/zip"))
    calm(at.run())
    assert "was taken in: 1 cohort" in words(at)
    assert session(cohort=KEY).session_state["_looking_at"].cohort.name == "Mine"
    at.file_uploader(key="workspace_file_1").set_value(("x.zip", b"PK", "application/zip"))
    at.run()
    assert "no workspace" in at.error[0].value


@pytest.mark.usefixtures("folder")
def test_where_others_reach_the_server_nothing_is_kept(monkeypatch: pytest.MonkeyPatch):
    session(upload=True).button(key="keep_now").click().run()
    assert KEY in session().session_state["_kept_cohorts"]
    monkeypatch.setenv(SHARED.name, "yes")
    at = session(upload=True)
    assert "Keep Mine" not in words(at)
    assert "Nothing is kept on this server" in words(at)
    assert not session().session_state["_kept_cohorts"]
    monkeypatch.delenv(SHARED.name)
    before = config.get_option("server.address")
    config.set_option("server.address", "0.0.0.0")  # noqa: S104
    try:
        assert not session().session_state["_kept_cohorts"]
    finally:
        config.set_option("server.address", before)


def test_a_link_to_the_files_of_a_store_opens_nothing_of_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    session(upload=True).button(key="keep_now").click().run()
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 1
    assert session("cohort", cohort=KEY).session_state["_looking_at"].key == KEY
    monkeypatch.setenv(SHARED.name, "yes")
    hashes = [file.stem for file in files]
    relative = [os.path.relpath(file, ROOT) for file in files]
    named = [*map(str, files), *hashes, *relative, f"sqlite:///{files[0]}", f"file://{files[0]}"]
    for link in (*named, str(folder), KEY):
        at = session("cohort", cohort=link)
        assert "_looking_at" not in at.session_state
        assert not at.session_state["_kept_cohorts"]
        said = words(at)
        assert "is not here" in said, said
        assert "Mine" not in said


@pytest.mark.parametrize(
    ("headers", "others"),
    [
        ({"Host": "127.0.0.1:8501", "Origin": "http://localhost:8501"}, False),
        ({"Host": "[::1]:8501", "Origin": "http://[::1]:8501"}, False),
        ({"Host": "localhost", "X-Forwarded-For": "10.1.2.3"}, True),
        ({"Host": "registry.hospital.example"}, True),
        # A proxy that states the host it asks, and nothing else.
        ({"Host": "127.0.0.1:8501", "Origin": "http://10.1.2.3"}, True),
        ({"Host": "127.0.0.1:8501", "Origin": "null"}, True),
    ],
)
def test_whom_a_proxy_brings_keeps_nothing_and_reads_nothing_of_the_machine(
    headers: Mapping[str, str], others: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(type(st.context), "headers", headers)
    before = config.get_option("server.address")
    config.set_option("server.address", "127.0.0.1")
    try:
        assert owner_of_session() == (None if others else "local")
        assert allowed_sources().nothing == others
    finally:
        config.set_option("server.address", before)


def saves_groups_of_patients_among_simulated_ones() -> None:
    from dataclasses import replace

    import streamlit as st

    from app.cohort.groupings import GroupingSpec
    from app.shell.saved_groups import keep_saved_in_link, save_groups, saved_option
    from app.shell.session import open_cohort, uploads
    from data_loaders.uploads import load_upload
    from tests.pages.test_keeping import FILES, KEY

    cohort = load_upload(FILES, {}, "Mine")
    provenance = replace(cohort.provenance, synthetic=True)  # as combine() says of the whole
    uploads()[KEY] = replace(cohort, provenance=provenance)
    for key in (KEY, "demo:mds"):
        held = open_cohort(key)
        save_groups(held, "mine", GroupingSpec.parse("alteration:TP53").build(held))
        keep_saved_in_link(held, saved_option("mine"))
        st.session_state[f"link of {key}"] = "saved" in st.query_params


def test_saved_groups_of_ones_own_patients_stand_in_no_link():
    script = saves_groups_of_patients_among_simulated_ones
    at = AppTest.from_function(script, default_timeout=60).run()
    assert not at.exception
    assert at.session_state["link of demo:mds"]
    assert not at.session_state[f"link of {KEY}"]


def is_shared_by_a_store_that_is_away() -> None:
    import streamlit as st

    from app.shell.session import uploads
    from app.shell.workspace.kept import kept_cohorts, refresh_kept, shared
    from app.study.workspace import KeptCohort, SharedCohort

    kept = KeptCohort("upload:1", "Theirs", "f", 40, "", has_data=True, page="", used="")
    st.session_state["_kept_shared"] = {"upload:1": SharedCohort("person:kim", "read", kept)}
    uploads()["upload:1"] = None
    refresh_kept()
    held = "upload:1" in uploads() and "upload:1" in kept_cohorts()
    st.session_state["held"] = held and shared("upload:1") is not None


def test_a_store_that_is_away_takes_back_nothing_that_is_shared(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(STORE.name, "postgresql://127.0.0.1:1/nothing")
    before = config.get_option("server.address")
    config.set_option("server.address", "127.0.0.1")
    try:
        at = AppTest.from_function(is_shared_by_a_store_that_is_away, default_timeout=60).run()
    finally:
        config.set_option("server.address", before)
    assert not at.exception
    assert at.session_state["held"]
    assert "not shared" not in at.session_state["_kept_said"]


def loads_what_another_shares() -> None:
    import streamlit as st

    from app.shell.session import Source, keep_upload, source_of
    from app.study.workspace import Original, SharedCohort
    from data_loaders.uploads import load_upload
    from tests.pages.test_keeping import FILES, KEY

    cohort = load_upload(FILES, {}, "Mine")
    st.session_state["_kept_shared"] = {KEY: SharedCohort("person:kim", "edit", None)}
    st.session_state["_kept_cohorts"] = {KEY: cohort}
    own = Source.of_files(FILES, {}, "Mine")
    loaded = keep_upload(cohort, own)
    corrected = keep_upload(cohort, Source.of_kept(KEY, Original({}, "Mine", own.digest)))
    st.session_state["keys"] = (loaded, corrected, source_of(loaded) is own)
    st.session_state["changed"] = st.session_state.get("_kept_changed")


def test_loading_the_files_of_a_cohort_that_another_shares_does_not_replace_it():
    at = AppTest.from_function(loads_what_another_shares, default_timeout=60).run()
    assert not at.exception
    loaded, corrected, has_source = at.session_state["keys"]
    assert loaded != KEY
    assert has_source
    # A correction of the shared one is of that.
    assert corrected == KEY
    assert at.session_state["changed"] == {KEY}
