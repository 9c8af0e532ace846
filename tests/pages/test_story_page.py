"""The story's page: steps added from figures, edited, undone, opened from a file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from starlette.requests import Request
from streamlit.testing.v1 import AppTest

from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.shell.made.derived import base_fingerprint
from app.shell.saved_groups import _Saved
from app.shell.story.stages import stage
from app.study.story import Story, answered
from data_loaders import load_cohort
from data_loaders.uploads import load_upload
from tests.conftest import ROOT
from tests.pages.conftest import open_upload

Opener = Callable[..., AppTest]


def press(at: AppTest, key: str) -> AppTest:
    return at.button(key=key).click().run()


def to_page(at: AppTest, page: str) -> AppTest:
    return at.switch_page(str(ROOT / "pages" / f"{page}.py")).run()


def test_a_figure_becomes_a_step_whose_page_opens_as_it_was(open_app: Opener) -> None:
    at = open_app("survival", cohort="demo:mpn", dx="MF", group="alteration:ASXL1", band="false")
    at = press(at, "km_story_0")
    story: Story = at.session_state["_story"]
    (step,) = story.steps
    assert step.caption.startswith("Overall survival by ASXL1, 535 patients. ")
    assert step.question.shown["band"] is False
    assert Story.from_json(story.to_json()) == story
    at = open_app("survival", cohort="demo:mpn", view="Screen")
    at.session_state["_story"] = story
    at = press(to_page(at, "story"), "story_go_0")
    # AppTest stays on the page that it was told; what the page's controls will show is set.
    assert at.session_state["group"] == "alteration:ASXL1"
    assert at.session_state["dx"] == ["MF"]
    assert at.session_state["band"] is False


def test_steps_are_edited_moved_deleted_and_brought_back(open_app: Opener) -> None:
    at = press(open_app("story"), "story_demo_mpn")
    captions = [step.caption for step in at.session_state["_story"].steps]
    at = press(at, "story_down_0")
    assert at.text_area(key="story_step_caption_0").value == captions[1]
    at = at.text_area(key="story_step_caption_0").set_value("Mine").run()
    at = press(press(at, "story_delete_1"), "story_duplicate_0")
    assert [s.caption for s in at.session_state["_story"].steps[:3]] == ["Mine"] * 2 + captions[2:3]
    for _ in range(4):
        at = press(at, "story_undo")
    assert [s.caption for s in at.session_state["_story"].steps] == captions
    assert at.text_area(key="story_step_caption_0").value == captions[0]
    assert not at.exception


def test_what_is_missing_here_is_said_and_what_cannot_be_written_is_not_offered(
    open_app: Opener,
) -> None:
    at = press(open_app("story"), "story_demo_mds")
    plain = at.session_state["_story"].to_dict()
    plain["steps"][0]["question"]["cohort"] = "upload:abc"
    plain["steps"][0]["question"]["fingerprint"] = "gone"
    plain["steps"][1]["question"]["filter"] = {"patients": ["MDS-0001"]}
    at.session_state["_story"] = Story.from_dict(plain)
    at = at.run()
    assert "load it on the Data page" in at.warning[0].value
    plain["steps"][1]["question"]["cohort"] = "upload:abc"
    at.session_state["_story"] = Story.from_dict(plain)
    at = at.run()
    save = at.button(key="story_save")
    assert save.disabled
    assert "never leaves a session" in save.help


def test_a_story_of_an_upload_is_got_ready_and_opens_after_a_restart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.study.story._player.export_available", lambda: (False, "none"))
    rng = np.random.default_rng(2)
    table = pd.DataFrame(
        {
            "patient_id": [f"SECRET-{i}" for i in range(80)],
            "os_months": rng.exponential(40, 80).round(1),
            "os_event": rng.integers(0, 2, 80),
            "ASXL1": rng.integers(0, 2, 80),
        }
    )
    cohort = load_upload({"own.csv": table.to_csv(index=False).encode()}, {}, None)
    at = press(open_upload(cohort, "survival"), "km_story_0")
    at = press(to_page(at, "story"), "story_ready")
    assert any("Ready: 1 of 1" in text.value for text in at.markdown)
    story: Story = at.session_state["_story"]
    written = story.to_json()
    address = at.session_state["_stage_address"]
    asked = Request({"type": "http", "path_params": {"token": address.partition("/")[2]},
                     "headers": []})  # fmt: skip
    page = asyncio.run(stage(asked)).body.decode()
    assert "SECRET" not in page + written
    assert story.steps[0].caption.partition(".")[0] in page
    other = Request({"type": "http", "path_params": {"token": "guessed"}, "headers": []})
    assert asyncio.run(stage(other)).status_code == 404

    # Another session: first without the cohort, then with it.
    without = open_upload(load_cohort("demo:mds"), "story", state={"_story": story})
    assert "load it on the Data page" in without.warning[0].value
    back = open_upload(cohort, "story", state={"_story": Story.from_json(written)})
    assert not back.warning
    assert not back.exception


def test_a_step_beside_an_upload_says_when_that_changed(
    open_app: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.study.story._player.export_available", lambda: (False, "none"))
    rng = np.random.default_rng(3)
    table = pd.DataFrame(
        {
            "patient_id": [f"SECRET-{i}" for i in range(90)],
            "os_months": rng.exponential(40, 90).round(1),
            "os_event": rng.integers(0, 2, 90),
            "TP53": rng.integers(0, 2, 90),
        }
    )
    read = [
        load_upload({"own.csv": held.to_csv(index=False).encode()}, {}, None)
        for held in (table, table[:-9])
    ]
    at = open_app("home", cohort="demo:mds", group="alteration:TP53")
    at.session_state["_uploads"] = {"upload:own": read[0]}
    at.session_state["other"] = "upload:own"
    at.query_params["compare"] = "Two cohorts"
    at = press(to_page(at, "compare"), "cohorts_story_1")
    story: Story = at.session_state["_story"]
    assert story.steps[0].question.second.key == "upload:own"
    assert story.steps[0].question.second.fingerprint == read[0].fingerprint
    assert "SECRET" not in story.to_json()
    at = press(to_page(at, "story"), "story_ready")
    assert not at.warning
    assert any("Ready: 1 of 1" in text.value for text in at.markdown)
    at.session_state["_uploads"] = {"upload:own": read[1]}
    at = at.run()
    assert at.warning[0].value.startswith("The second cohort, own, has changed since")
    at.session_state["_uploads"] = {}
    assert "The second cohort of this step" in at.run().warning[0].value
    at.session_state["_uploads"] = {"upload:moved": read[0]}
    assert not at.run().warning
    at = press(at, "story_go_0")
    assert at.session_state["other"] == "upload:moved"
    assert not at.exception


def test_saved_groups_of_two_cohorts_are_asked_again_and_a_list_of_patients_becomes_a_picture(
    open_app: Opener,
) -> None:
    spec, name = GroupingSpec.parse("alteration:TP53"), "Mine"
    held, cohorts = {}, {key: load_cohort(key) for key in ("demo:mds", "demo:aml")}
    for key, cohort in cohorts.items():
        grouping = spec.build(cohort, np.ones(cohort.n, bool))
        held[key, name] = _Saved(key, base_fingerprint(cohort), name, grouping)
    at = open_app("home", cohort="demo:mds")
    at.session_state["_saved_groups"] = held
    at.session_state["other"] = "demo:aml"
    at.query_params["compare"] = "Two cohorts"
    at = to_page(at, "compare").selectbox(key="group").set_value("saved:Mine").run()
    at = press(at, "cohorts_story_1")
    assert not at.exception
    story: Story = at.session_state["_story"]
    story = Story.from_json(story.to_json())
    shown = {json.loads(chart.proto.spec)["layout"]["annotations"][0]["text"]
             for chart in at.get("plotly_chart")}  # fmt: skip
    (one,) = answered(story, cohorts)
    assert one.figure().layout.annotations[0].text in shown

    # Whose condition lists patients of one's own is kept as it was shown.
    upload = replace(cohorts["demo:mds"], name="own")
    ids = list(upload.patients.index)
    listed = {"_more_conditions": Filter.from_dict({"all": [{"patients": ids[:90]}]})}
    at = open_upload(upload, "cohort", state=listed | {"cohort_tabs": "Step by step"})
    kept = press(at, "attrition_story_0").session_state["_story"].steps[0]
    assert kept.question.settings["analysed"] == 90
    assert "of own (" in kept.question.settings["said"]
    assert ids[0] not in json.dumps(kept.to_dict())
