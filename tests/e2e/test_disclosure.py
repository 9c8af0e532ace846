"""What the server sends while disclosure control is on: the messages, not what is drawn."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from app.views.tallied.page import VIEWS
from data_loaders import load_cohort
from data_loaders.settings import DISCLOSURE
from tests.e2e.acts import calm, settled
from tests.e2e.server import running_app
from tests.pages.test_disclosure_pages import leaks_of_figure, leaks_of_frame, leaks_of_text

FEWEST = 11


def elements_of(message: ForwardMsg) -> Iterator[tuple[str, Any]]:
    """Every element that a message adds to the page, by its kind."""
    if message.WhichOneof("type") == "delta" and message.delta.WhichOneof("type") == "new_element":
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        yield kind, getattr(element, kind)


def leaks_of_message(message: ForwardMsg) -> Iterator[str]:
    for kind, element in elements_of(message):
        if kind == "plotly_chart":
            yield from leaks_of_figure("figure", json.loads(element.spec), FEWEST)
        elif kind in {"dataframe", "table"}:
            frame = convert_arrow_bytes_to_pandas_df(element.arrow_data.data)
            yield from leaks_of_frame("table", frame, FEWEST)
        elif kind == "markdown":
            yield from leaks_of_text("text", element.body, FEWEST)


def received(page: Page, address: str, paths: Iterable[str]) -> list[bytes]:
    frames: list[bytes] = []
    page.on(
        "websocket",
        lambda socket: socket.on(
            "framereceived", lambda sent: frames.append(sent) if isinstance(sent, bytes) else None
        ),
    )
    for path in paths:
        page.goto(f"{address}/{path}?cohort=demo:mpn")
        settled(page)
        calm(page)
    return frames


@pytest.mark.long
def test_no_message_holds_a_patient_or_a_small_count(page: Page, tmp_path: Path):
    with running_app(tmp_path / "log", **{DISCLOSURE.name: str(FEWEST)}) as address:
        frames = received(page, address, VIEWS)
    messages = [ForwardMsg.FromString(frame) for frame in frames]
    kinds = {kind for message in messages for kind, _ in elements_of(message)}
    assert {"plotly_chart", "dataframe", "markdown"} <= kinds, kinds
    patients = [str(patient).encode() for patient in load_cohort("demo:mpn").patients.index]
    whole = b"\n".join(frames)
    assert not [patient for patient in patients if patient in whole]
    assert not [leak for message in messages for leak in leaks_of_message(message)]


def test_the_same_look_finds_what_is_sent_without_control(page: Page, address: str):
    frames = received(page, address, ["cohort"])
    leaks = [leak for frame in frames for leak in leaks_of_message(ForwardMsg.FromString(frame))]
    assert len(leaks) > 20
