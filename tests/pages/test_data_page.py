"""The data page: corrections by form, previewed and used, findings, missing values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.shell.session import Source
from data_loaders import Cohort
from data_loaders.uploads import load_upload
from tests.conftest import ROOT
from tests.pages.conftest import calm, data_tabs_of, figures, words

RNG = np.random.default_rng(6)
N = 60
TABLE = pd.DataFrame(
    {
        "patient_id": [f"P{i}" for i in range(N)],
        "centre": RNG.choice(["North", "South"], N),
        "age_years": [None if i < 9 else 40 + i for i in range(N)],
        "flag": RNG.integers(0, 2, N),
        "os_months": RNG.exponential(30, N).round(1) + 0.1,
        "os_event": RNG.integers(0, 2, N),
        "kind": RNG.choice([0, 1, 2, 9], N),
        "TP53": RNG.integers(0, 2, N),
    }
)
FILES = {"mine.csv": TABLE.to_csv(index=False).encode()}


def opened(mapping: dict | None = None, files: Mapping[str, bytes] = FILES) -> AppTest:
    cohort = load_upload(files, mapping)
    key = f"upload:{cohort.name}"
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    at.session_state["_uploads"] = {key: cohort}
    at.session_state["_upload_sources"] = {key: Source.of_files(files, mapping or {})}
    at.session_state["cohort"] = key
    at.session_state["_data_tabs_opened"] = data_tabs_of(cohort)
    at.switch_page(str(ROOT / "pages" / "data.py"))
    at.run()
    assert not at.exception, at.exception
    return at


class Hand:
    """Uses the editor as a person does, and counts."""

    def __init__(self, at: AppTest) -> None:
        self.at, self.clicks = at, 0

    def _named(self, kind: str, *key: str):
        stem = ":".join(("map", *key, ""))
        return next(
            element for element in self.at.get(kind) if (element.key or "").startswith(stem)
        )

    def _done(self, clicks: int) -> None:
        self.clicks += clicks
        self.at.run()
        assert not self.at.exception, self.at.exception

    def choose(self, value: str, *key: str) -> None:
        """Open a list and click: two clicks."""
        self._named("selectbox", *key).set_value(value)
        self._done(2)

    def write(self, text: str, *key: str) -> None:
        """Click into a field and type."""
        self._named("text_input", *key).set_value(text)
        self._done(1)

    def code(self, value: str, *key: str) -> None:
        self._named("button_group", *key).set_value(value)
        self._done(1)

    def endpoint(self, key: str) -> None:
        self.at.get("button_group")
        next(e for e in self.at.get("button_group") if e.key == "map_endpoint").set_value(key)
        self._done(1)

    def look_at(self, *names: str) -> None:
        """Type a part of a name and Enter, for each."""
        field = self.at.multiselect(key="map_columns")
        field.set_value(list(dict.fromkeys((*field.value, *names))))
        self._done(len(names))

    def press(self, key: str) -> None:
        self.at.button(key=key).click()
        self._done(1)

    def say_again(self, fields: Sequence[Any]) -> None:
        """As a browser does that has yet to hear that a correction took these fields away."""
        states = self.at._tree.get_widget_states()
        states.widgets.extend(field._widget_state for field in fields)
        self.at._run(states)
        assert not self.at.exception, self.at.exception

    @property
    def stated(self) -> dict[str, Any]:
        return self.at.session_state["_mapping_draft"].now

    @property
    def cohort(self) -> Cohort:
        return self.at.session_state["_looking_at"].cohort


def test_a_demo_cannot_be_corrected_and_says_so(open_app):
    at = open_app("data")
    at.session_state["data_tabs"] = "Correct what was understood"
    at.run()
    assert any("once you have loaded" in element.value for element in at.info)
    assert [tab.label for tab in at.tabs][-1] == "Planted truths"


def test_missing_values_are_drawn_by_centre():
    at = opened()
    heat = next(f for f in figures(at) if f["data"][0]["type"] == "heatmap")
    assert [text.split(" (")[0] for text in heat["layout"]["xaxis"]["ticktext"]] == [
        "Everyone", *dict.fromkeys(TABLE["centre"]),
    ]  # fmt: skip
    at.selectbox(key="missing_by").set_value("").run()
    assert any(f["data"][0]["type"] == "bar" for f in figures(at))


def test_tabs_that_were_opened_stay_until_another_cohort_is_looked_at(open_app):
    def lists_variables() -> bool:
        return any("Why" in table.value.columns for table in at.dataframe)

    at = open_app("data")
    assert not lists_variables()
    at.session_state["data_tabs"] = "Variables"
    at.run()
    at.session_state["data_tabs"] = "Findings"
    at.run()
    assert lists_variables()
    at.session_state["cohort"] = "demo:mds"
    calm(at.run())
    assert not lists_variables()


def test_without_a_change_there_is_nothing_to_use():
    at = opened()
    assert at.button(key="use_mapping").disabled
    assert "Planted truths" not in [tab.label for tab in at.tabs]


def test_a_mapping_in_use_is_offered_for_download_unchanged():
    mapping = {"ignore": ["flag"]}
    at = opened(mapping)
    assert at.button(key="use_mapping").disabled
    assert "flag" not in at.session_state["_looking_at"].cohort.variables
    assert json.loads(json.dumps(mapping)) == mapping
    assert "Preview" not in words(at)
    assert "as you stated" in words(at)


def test_findings_are_whole_sentences():
    at = opened()
    text = words(at)
    for issue in at.session_state["_looking_at"].cohort.issues:
        assert issue.sentence.split(":")[0][:40] in text.replace("\\", "")


def test_an_alteration_is_named_and_keeps_its_name_after_use():
    hand = Hand(opened())
    assert hand.at.multiselect(key="map_columns").value == ["flag"]
    hand.choose("alteration", "use", "flag")
    hand.write("JAK2 V617F", "alteration", "flag")
    assert "Preview" in words(hand.at)
    hand.press("use_mapping")
    feature = hand.cohort.features.set_index("source_column").loc["flag"]
    assert feature[["gene", "label"]].tolist() == ["JAK2", "JAK2 V617F"]
    assert hand._named("text_input", "alteration", "flag").value == "JAK2 V617F"
    assert hand.cohort.provenance.loaded.mapping == {
        "alterations": {"flag": {"gene": "JAK2", "refinement": "V617F"}}
    }
    assert hand.at.button(key="use_mapping").disabled


def test_a_new_endpoint_waits_for_its_columns_and_hides_nothing():
    hand = Hand(opened())
    hand.write("Flagged", "label", "flag")
    assert "Preview" in words(hand.at)
    hand.at.text_input(key="map_new_endpoint").set_value("relapse").run()
    assert "Preview" in words(hand.at)
    assert any("waits for the column of its time" in info.value for info in hand.at.info)
    assert not hand.at.button(key="use_mapping").disabled
    hand.choose("os_months", "time", "relapse")
    hand.choose("kind", "event", "relapse")
    assert any("waits for what the values of kind" in i.value for i in hand.at.info)
    for entry, meaning in {"0": "censored", "1": "event", "2": "competing"}.items():
        hand.code(meaning, "code:relapse", "kind", entry)
    hand.press("use_mapping")
    endpoint, patients = hand.cohort.endpoints["relapse"], hand.cohort.patients
    assert (patients[endpoint.event] == 1).tolist() == (TABLE["kind"] == 1).tolist()
    assert (patients[endpoint.competing] == 1).tolist() == (TABLE["kind"] == 2).tolist()
    assert patients[endpoint.event].isna().tolist() == (TABLE["kind"] == 9).tolist()
    table = next(t.value for t in hand.at.dataframe if "Competing event" in t.value)
    assert table.set_index("Endpoint").loc["Relapse", "Competing event"] == "as in kind"
    hand.endpoint("relapse")
    assert hand._named("button_group", "code:relapse", "kind", "9").value == "unknown"
    assert hand._named("button_group", "code:relapse", "kind", "2").value == "competing"
    assert hand.cohort.variables["flag"].label == "Flagged"


def test_an_endpoint_is_taken_out_and_brought_back_and_steps_are_undone():
    hand = Hand(opened())
    hand.endpoint("os")
    hand.press(hand._named("button", "out", "os").key)
    assert "no longer: Overall survival" in words(hand.at)
    hand.press(hand._named("button", "bring", "os").key)
    assert hand.at.button(key="use_mapping").disabled
    hand.press("undo_mapping")
    hand.press("use_mapping")
    assert not hand.cohort.endpoints
    assert {"os_months", "os_event"} <= set(hand.cohort.variables)


@pytest.mark.parametrize(
    ("prefix", "correct"),
    [
        ("map:alteration:flag", lambda hand: hand.choose("leave out", "use", "flag")),
        ("map:call:flag", lambda hand: hand.choose("leave out", "use", "flag")),
        ("map:label:age_years", lambda hand: hand.choose("alteration", "use", "age_years")),
        ("map:role:age_years", lambda hand: hand.choose("alteration", "use", "age_years")),
        ("map:code:os:", lambda hand: hand.choose("kind", "event", "os")),
        ("map:time:os", lambda hand: hand.press("map:out:os:0")),
        ("map:label:os", lambda hand: hand.press("map:out:os:0")),
        ("map:competing:os", lambda hand: hand.press("map:out:os:0")),
    ],
)
def test_what_a_browser_says_once_more_of_a_field_that_went_takes_nothing_back(prefix, correct):
    hand = Hand(opened())
    hand.look_at("age_years")
    hand.choose("alteration", "use", "flag")
    hand.write("JAK2 V617F", "alteration", "flag")
    hand.endpoint("os")
    kinds = ("text_input", "selectbox", "button_group")
    fields = [e for kind in kinds for e in hand.at.get(kind) if (e.key or "").startswith(prefix)]
    assert fields
    for field in fields:
        field.set_value(field.value)
    correct(hand)
    stated = deepcopy(hand.stated)
    hand.say_again(fields)
    assert hand.stated == stated


@pytest.mark.parametrize("of", ["call", "code:os"])
def test_entries_that_are_said_at_once_all_stay(of):
    hand = Hand(opened())
    hand.endpoint("os")
    column = "flag" if of == "call" else "os_event"
    hand.look_at(column)
    if of == "call":
        hand.choose("alteration", "use", column)
    fields = [hand._named("button_group", of, column, entry) for entry in "01"]
    said = {entry: field.value for entry, field in zip("01", fields, strict=True)}
    for field, other in zip(fields, reversed(said.values()), strict=True):
        field.set_value(other)
    hand.at.run()
    kept = hand.stated["alterations"][column] if of == "call" else hand.stated["endpoints"]["os"]
    assert kept["codes"] == {"0": said["1"], "1": said["0"]}


def test_undo_shows_in_the_fields_what_is_stated():
    hand = Hand(opened())
    hand.write("First", "label", "flag")
    hand.write("Second", "label", "flag")
    hand.press("undo_mapping")
    assert hand._named("text_input", "label", "flag").value == "First"
    hand.press("reset_mapping")
    assert hand._named("text_input", "label", "flag").value == "Flag"
    assert hand.at.button(key="use_mapping").disabled


def test_several_columns_are_changed_at_once():
    hand = Hand(opened())
    hand.look_at("centre", "age_years")
    hand.choose("leave out", "all")
    hand.press("use_mapping")
    assert not {"centre", "age_years", "flag"} & set(hand.cohort.variables)


def test_another_column_identifies_the_patients():
    table = TABLE.assign(registry=[f"R{N - i}" for i in range(N)])
    hand = Hand(opened(files={"mine.csv": table.to_csv(index=False).encode()}))
    hand.choose("registry", "identifier")
    hand.press("use_mapping")
    assert list(hand.cohort.patients.index) == table["registry"].tolist()


def test_a_correction_that_cannot_be_says_so_and_can_be_undone():
    hand = Hand(opened())
    hand.look_at("centre")
    hand.choose("number", "use", "centre")
    assert any("Nothing was changed yet" in error.value for error in hand.at.error)
    hand.press("undo_mapping")
    assert not hand.at.error


def test_columns_of_several_files_say_which():
    genes = TABLE[["patient_id", "TP53", "flag"]].rename(columns={"flag": "W"})
    files = {
        "clinic.csv": TABLE.drop(columns=["TP53", "flag"]).to_csv(index=False).encode(),
        "genes.csv": genes.to_csv(index=False).encode(),
    }
    hand = Hand(opened(files=files))
    hand.look_at("W")
    assert "genes.csv" in words(hand.at)
    hand.choose("alteration", "use", "W")
    hand.write("ASXL1", "alteration", "W")
    hand.press("use_mapping")
    assert "ASXL1" in hand.cohort.alterations


def test_five_renamed_columns_and_two_endpoints_take_at_most_25_clicks():
    n = 150
    rng = np.random.default_rng(8)
    table = pd.DataFrame(
        {
            "ID": [f"M{i}" for i in range(n)],
            "dx": rng.choice(["ET", "PV", "PMF"], n),
            "os_days": rng.integers(90, 6000, n),
            "os_event": rng.integers(0, 2, n),
            "thrombosis_days": rng.integers(3, 400, n),
            "thrombosis_event": rng.integers(0, 2, n),
            "bleeding_days": rng.integers(90, 6000, n),
            "bleeding_event": rng.integers(0, 2, n),
            "J2": rng.integers(0, 2, n),
            "frame": rng.integers(0, 2, n),
            "MPL": rng.integers(0, 2, n),
            "ASX": rng.integers(0, 2, n),
            "T2": rng.integers(0, 2, n),
            "TP53": rng.integers(0, 2, n),
            "d13": rng.integers(0, 2, n),
        }
    )
    hand = Hand(opened(files={"mpn.csv": table.to_csv(index=False).encode()}))
    hand.clicks += 1  # the tab
    names = {
        "J2": "JAK2 V617F", "frame": "CALR", "ASX": "ASXL1", "T2": "TET2", "d13": "13pUPD",
    }  # fmt: skip
    assert set(names) <= set(hand.at.multiselect(key="map_columns").value)
    for column, name in names.items():
        hand.write(name, "alteration", column)
    hand.endpoint("thrombosis")
    hand.choose("weeks", "unit", "thrombosis")
    for entry, meaning in {"0": "event", "1": "censored"}.items():
        hand.code(meaning, "code:thrombosis", "thrombosis_event", entry)
    hand.endpoint("bleeding")
    hand.press(hand._named("button", "out", "bleeding").key)
    hand.press("use_mapping")
    assert hand.clicks <= 25
    by_source = hand.cohort.features.set_index("source_column")["label"]
    assert by_source[list(names)].tolist() == list(names.values())
    patients = hand.cohort.patients
    assert "bleeding" not in hand.cohort.endpoints
    assert (patients["thrombosis_event"] == 1).tolist() == (table["thrombosis_event"] == 0).tolist()
    assert set(hand.cohort.alterations) >= {"MPL", "TP53"}


def test_a_search_of_studies_clears_the_error_before_it_and_says_when_nothing_is_found(monkeypatch):
    from app.views.data import page_loading as loading
    from data_loaders import CohortError
    from data_loaders.cbioportal.api import StudySummary

    found = {
        "good": [StudySummary("s1", "Study one", "", "", "aml", 12)],
        "none": [],
    }

    def studies(address: str, keyword: str, token: str | None, **limits: float):
        assert limits["timeout"] <= 60
        if token is None:
            raise CohortError(f"{address} asks for a data access token (401).")
        return found[keyword]

    monkeypatch.setattr(loading, "list_studies", studies)
    at = opened()
    at.segmented_control(key="source").set_value("cBioPortal").run()
    at.text_input(key="portal_words").set_value("good")
    at.button(key="portal_search").click().run()
    assert "401" in at.error[0].value
    at.text_input(key="portal_token").set_value("secret")
    at.button(key="portal_search").click().run()
    assert not at.error
    assert at.selectbox(key="portal_study").options == ["Study one (s1)"]
    at.text_input(key="portal_words").set_value("none")
    at.button(key="portal_search").click().run()
    assert "No study was found for “none”" in at.error[0].value
    assert not any(box.key == "portal_study" for box in at.selectbox)


def test_a_table_of_a_database_is_corrected_without_asking_it_again(tmp_path: Path):
    at = opened()
    file = tmp_path / "registry.duckdb"
    frame = TABLE  # noqa: F841  (the query names it)
    with duckdb.connect(file) as connection:
        connection.execute("CREATE TABLE seen AS SELECT * FROM frame")
    at.button_group(key="source").set_value("Database").run()
    at.text_input(key="database_address").set_value(f"duckdb://{file}")
    at.text_input(key="database_table").set_value("seen")
    at.button(key="database_load").click().run()
    assert "seen was read" in words(at)
    file.unlink()
    at.session_state["data_tabs"] = "Correct what was understood"
    at.run()
    hand = Hand(at)
    hand.look_at("centre")
    hand.write("Hospital", "label", "centre")
    assert "**Preview:** 60 patients" in words(at)
    at.button(key="use_mapping").click().run()
    (cohort,) = (one for one in at.session_state["_uploads"].values() if one.name == "seen")
    assert cohort.variables["centre"].label == "Hospital"
    assert cohort.provenance.loaded.way == "database"
    assert cohort.provenance.loaded.mapping == {"columns": {"centre": {"label": "Hospital"}}}


def test_what_cannot_be_corrected_says_what_to_do():
    for way, said in (("api", "Download it from there"), ("catalogue", "Download its files")):
        cohort = load_upload(FILES)
        loaded = cohort.provenance.loaded
        assert loaded is not None
        at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
        at.session_state["_uploads"] = {"upload:x": cohort.loaded_by(replace(loaded, way=way))}
        at.session_state["cohort"] = "upload:x"
        at.session_state["data_tabs"] = "Correct what was understood"
        at.switch_page(str(ROOT / "pages" / "data.py"))
        at.run()
        assert said in words(at)


def test_open_cohorts_are_combined_into_one(open_app):
    at = open_app("data")
    at.session_state["combine_open"] = True
    assert at.run().button(key="combine").disabled
    at.multiselect(key="combine_cohorts").set_value(["demo:mds", "demo:aml"]).run()
    at.text_input(key="combine_name").set_value("Both").run()
    at.button(key="combine").click().run()
    calm(at)
    assert "2 cohorts were combined: 3,000 patients" in words(at)
    assert at.subheader[0].value == "Both"
    assert "Only in AML demo" in words(at)
