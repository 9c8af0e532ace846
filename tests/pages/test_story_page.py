"""The story's page: steps added from figures, edited, undone, opened from a file."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from app.study.story import Story
from tests.conftest import ROOT

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
