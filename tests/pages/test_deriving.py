"""Deriving on the Data page: previewed, kept, changed, offered everywhere, in links, mappings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.cohort.derived import FUNCTIONS, Derived, DerivedEndpoint, derived_as
from app.cohort.groupings import GroupingSpec, saved_to_text
from app.shell.session import Source
from app.study.adjustment import adjustment_options
from app.study.analyses import answer_to
from app.study.question import Question
from app.study.story import Step, Story
from app.views.data.derive.words import language_table
from data_loaders import load_cohort
from data_loaders.settings import DISCLOSURE, STORE
from data_loaders.uploads import load_upload
from tests.conftest import ROOT
from tests.pages.conftest import calm, data_tabs_of, figures, words
from tests.pages.test_data_page import Hand
from tests.pages.test_keeping import KEY, session

RATIO = Derived("White cells to blasts", "wbc_1e9_per_l / blasts_bm_percent")
CLASS = Derived("Ratio class", "cut(`White cells to blasts`, 0.1, 1)", missing="unknown")
BOTH = Derived("SRSF2 without NPM1", "SRSF2 and not NPM1", kind="alteration")
CENSORED = DerivedEndpoint("OS censored at transplant", "os", censor_at="transplant_months")
ALL = (RATIO, CLASS, BOTH, CENSORED)


def opened_data(definitions: tuple = (), key: str = "demo:aml") -> AppTest:
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120)
    at.session_state["cohort"] = key
    at.session_state["data_tabs"] = "Derive"
    at.session_state["_derived"] = {key: definitions}
    at.switch_page(str(ROOT / "pages" / "data.py"))
    return calm(at.run())


def typed(at: AppTest, **parts: str) -> AppTest:
    for part, text in parts.items():
        kind = at.text_area if part == "formula" else at.text_input
        kind(key=f"derive_{part}").set_value(text)
    return at.run()


def button(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click()
    return at.run()


def held(at: AppTest, key: str = "demo:aml") -> list[dict]:
    return [one.to_dict() for one in at.session_state["_derived"][key]]


def test_a_variable_is_previewed_added_changed_and_removed():
    at = typed(opened_data(), formula="wbc + 1")
    assert [e.value for e in at.error] == [
        "This cohort has no wbc; did you mean wbc\\_1e9\\_per\\_l (position 1 of the formula)."
    ] or "did you mean wbc_1e9_per_l (position 1" in at.error[0].value
    at = calm(typed(at, formula=RATIO.formula))
    assert at.button(key="derive_add").disabled
    at = calm(typed(at, name=RATIO.name))
    cohort = derived_as(load_cohort("demo:aml"), [RATIO])
    known = int(cohort.patients[RATIO.name].notna().sum())
    assert f"A number in 10⁹/L per %: {known:,} of 1,500 patients have a value." in words(at)
    missing = cohort.patients[["wbc_1e9_per_l", "blasts_bm_percent"]].isna().sum()
    assert f"wbc_1e9_per_l missing in {missing.iloc[0]}; blasts_bm_percent missing in" in words(at)
    assert "White cells to blasts" in json.dumps(figures(at))
    at = calm(button(at, "derive_add"))
    assert held(at) == [RATIO.to_dict()]
    assert at.session_state["_looking_at"].cohort.fingerprint == cohort.fingerprint
    at = typed(at, name=CLASS.name, formula=CLASS.formula, missing="unknown")
    at = calm(button(at, "derive_add"))
    assert held(at) == [RATIO.to_dict(), CLASS.to_dict()]
    at = button(at, "derive_remove_0")
    assert "is used by Ratio class" in at.warning[0].value
    assert len(held(at)) == 2
    at = button(at, "derive_edit_0")
    assert at.text_area(key="derive_formula").value == RATIO.formula
    at = typed(at, formula="log10(wbc_1e9_per_l)", unit="log10")
    at = calm(button(at, "derive_add"))
    assert held(at)[0] == {
        "derives": "variable", "name": RATIO.name, "formula": "log10(wbc_1e9_per_l)",
        "unit": "log10",
    }  # fmt: skip
    at = button(calm(button(at, "derive_remove_1")), "derive_remove_0")
    assert calm(at).session_state["_looking_at"].cohort.provenance.derived == ()


def test_examples_start_from_this_cohort_and_all_of_them_can_be_added():
    at = opened_data()
    added = 0
    while "derive_example_0" in {b.key for b in at.button}:
        at = calm(button(at, "derive_example_0"))
        at = calm(button(at, "derive_add"))
        added += 1
        assert len(held(at)) == added
    kinds = {(one["derives"], one.get("kind", "")) for one in held(at)}
    assert kinds == {("variable", ""), ("variable", "alteration"), ("endpoint", "")}
    assert "median follow-up" not in words(at)
    at = calm(button(at, f"derive_edit_{added - 1}"))
    assert "median follow-up is" in words(at)


def test_what_is_derived_is_wherever_the_cohort_is(open_app: Callable[..., AppTest]):
    """By a link alone: filters, groups, endpoints, covariates, table one; the link keeps it."""
    link = {
        "cohort": "demo:aml",
        "derived": [json.dumps(one.to_dict()) for one in ALL],
        "endpoint": "os_censored_at_transplant",
        "group": "variable:Ratio class",
        "with": "SRSF2 without NPM1",
    }
    at = calm(open_app("survival", **link))
    assert "Link" not in [e.value for e in at.warning]
    assert at.selectbox(key="endpoint").value == "os_censored_at_transplant"
    assert at.multiselect(key="with").value == ["SRSF2 without NPM1"]
    shown = json.dumps(figures(at))
    assert "OS censored at transplant" in shown
    assert "0.1 to below 1" in shown
    texts = at.query_params["derived"]
    assert [json.loads(text) for text in texts] == [one.to_dict() for one in ALL]
    cohort = at.session_state["_looking_at"].cohort
    assert cohort.fingerprint == derived_as(load_cohort("demo:aml"), ALL).fingerprint
    assert {RATIO.name, CLASS.name} <= set(adjustment_options(cohort))
    settings = {"by_mean": False, "alterations": True}
    asked = Question("demo:aml", cohort.fingerprint, "cohort.table_one", settings=settings)
    rows = answer_to(asked, cohort).tables()
    printed = " ".join(table.to_csv() for table in rows.values())
    assert all(one.name in printed for one in (RATIO, CLASS, BOTH))
    at.switch_page(str(ROOT / "pages" / "cohort.py"))
    calm(at.run())
    at.session_state["_data_tabs_opened"] = data_tabs_of(cohort)
    at.switch_page(str(ROOT / "pages" / "data.py"))
    calm(at.run())
    altered = next(f.value for f in at.dataframe if "Altered" in f.value.columns)
    assert BOTH.name in set(altered["Alteration"])
    variables = next(f.value for f in at.dataframe if "Why" in f.value.columns)
    told = variables.set_index("Variable").loc["White cells to blasts", "Why"]
    assert told == "derived: wbc_1e9_per_l / blasts_bm_percent"
    at.switch_page(str(ROOT / "pages" / "genomics.py"))
    calm(at.run())


def test_a_hostile_or_outdated_link_does_no_harm(open_app: Callable[..., AppTest]):
    lost = DerivedEndpoint("Gone", "os", start="not_there").to_dict()
    texts = ["{", "[]", '"x"', "{}", "[" * 2000, json.dumps(lost), json.dumps(CLASS.to_dict())]
    texts += [json.dumps({"name": "a", "formula": "().__class__"}), json.dumps(RATIO.to_dict())]
    at = open_app("data", cohort="demo:aml", derived=texts)
    at.session_state["data_tabs"] = "Derive"
    assert not at.run().exception
    held_now = at.session_state["_looking_at"].cohort.provenance.derived
    assert [one["name"] for one in held_now] == [RATIO.name]
    told = " ".join(element.value for element in at.warning)
    assert "This cohort has no not\\_there" in told or "This cohort has no not_there" in told


def test_a_mapping_brings_it_back_and_disclosure_control_does_not(monkeypatch: pytest.MonkeyPatch):
    frame = pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(30)],
            "hb_g_per_l": [float(80 + i) for i in range(30)],
            "os_months": [float(1 + i) for i in range(30)],
            "os_event": [i % 2 for i in range(30)],
            "TP53": [i % 3 == 0 for i in range(30)],
        }
    )
    files = {"mine.csv": frame.to_csv(index=False).encode()}
    definition = Derived("Low haemoglobin", "hb_g_per_l < 100")
    mapping = {"derived": [definition.to_dict()]}
    cohort = load_upload(files, mapping)
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    at.session_state["_uploads"] = {"upload:a": cohort}
    at.session_state["_upload_sources"] = {"upload:a": Source.of_files(files, mapping)}
    at.session_state["cohort"] = "upload:a"
    at.session_state["_data_tabs_opened"] = data_tabs_of(cohort)
    at.switch_page(str(ROOT / "pages" / "data.py"))
    calm(at.run())
    seen = at.session_state["_looking_at"].cohort
    assert seen.patients["Low haemoglobin"].tolist() == [float(i < 20) for i in range(30)]
    assert "derived" not in at.query_params, "an upload's definitions stay out of links"
    for name in ("save_mapping", "derive_save"):
        assert name in {
            element.proto.id.rsplit("-", 1)[-1] for element in at.get("download_button")
        }
    hand = Hand(at)
    hand.look_at("TP53")
    hand.choose("leave out", "use", "TP53")
    hand.press("use_mapping")
    corrected = at.session_state["_looking_at"].cohort
    assert "TP53" not in corrected.alterations
    assert (
        corrected.patients["Low haemoglobin"].tolist() == seen.patients["Low haemoglobin"].tolist()
    )
    monkeypatch.setenv(DISCLOSURE.name, "5")
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    at.session_state["_uploads"] = {"upload:a": cohort}
    at.session_state["cohort"] = "upload:a"
    at.switch_page(str(ROOT / "pages" / "data.py"))
    calm(at.run())
    assert at.session_state["_looking_at"].cohort.provenance.derived == ()


def test_definitions_are_kept_with_the_cohort_and_another_tab_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(STORE.name, str(tmp_path / "store"))
    at = session(upload=True)
    at.session_state["data_tabs"] = "Derive"
    at.run()
    old = Derived("Old", "age_years >= 65")
    at = calm(typed(at, name=old.name, formula=old.formula))
    at = calm(button(at, "derive_add"))
    calm(at.button(key="keep_now").click().run())
    at = calm(typed(at, name="Both", formula="TP53 and ASXL1"))
    at = calm(button(at, "derive_add"))
    seen = at.session_state["_looking_at"].cohort
    assert list(seen.alterations.columns)[-1] == "Both"
    again = session("survival", cohort=KEY)
    assert again.session_state["_looking_at"].cohort.fingerprint == seen.fingerprint
    again.session_state["data_tabs"] = "Derive"
    again.switch_page(str(ROOT / "pages" / "data.py"))
    calm(again.run())
    calm(button(again, "derive_remove_0"))
    calm(at.run())
    assert [one["name"] for one in held(at, KEY)] == ["Both"]
    at.selectbox(key="kept_thing").set_value((KEY, "derived", "definitions"))
    calm(at.run()).selectbox(key="kept_version_3").select_index(1)
    assert "· Old, Both" in calm(at.run()).selectbox(key="kept_version_3").options[1]
    calm(button(at, "kept_restore"))
    assert at.session_state["_looking_at"].cohort.fingerprint == seen.fingerprint


def test_a_story_brings_its_definitions_along():
    """In a session that never derived anything, and in one that derived something else."""
    cohort = derived_as(load_cohort("demo:aml"), ALL)
    question = Question(
        "demo:aml", cohort.fingerprint, "survival.curves",
        grouping=GroupingSpec.parse("variable:Ratio class"), derived=cohort.provenance.derived,
        settings={"endpoint_key": "os_censored_at_transplant"},
    )  # fmt: skip
    story = Story("Derived", (Step(question, "A caption", address="survival?cohort=demo:aml"),))
    other = Derived("Old", "age_years >= 65")
    for own in ((), (other,)):
        at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120)
        at.session_state["_story"] = Story.from_dict(json.loads(json.dumps(story.to_dict())))
        at.session_state["_derived"] = {"demo:aml": own} if own else {}
        at.session_state["cohort"] = "demo:aml"
        at.switch_page(str(ROOT / "pages" / "story.py"))
        calm(at.run())
        assert not at.warning
        calm(button(at, "story_go_0"))
        names = [one["name"] for one in held(at)]
        assert names == [one.name for one in (*own, *ALL)]


def test_groups_that_were_saved_stay_when_something_is_derived(open_app: Callable[..., AppTest]):
    cohort = load_cohort("demo:aml")
    by_sex = GroupingSpec.parse("variable:sex").build(cohort, np.ones(cohort.n, dtype=bool))
    texts = [saved_to_text("Mine", by_sex, longest=None)]
    at = calm(open_app("data", cohort="demo:aml", saved=texts, group="saved:Mine"))
    at.session_state["data_tabs"] = "Derive"
    at.run()
    at = calm(typed(at, name=RATIO.name, formula=RATIO.formula))
    at = calm(button(at, "derive_add"))
    at.session_state["scores"] = ["eln_2022"]
    at.switch_page(str(ROOT / "pages" / "survival.py"))
    options = calm(at.run()).selectbox(key="group").options
    assert "Saved: Mine" in options
    assert any(RATIO.name in option for option in options)


def test_the_page_tells_of_every_function():
    told = " ".join(language_table()["Write"]).split()
    assert set(FUNCTIONS) <= set(told)
