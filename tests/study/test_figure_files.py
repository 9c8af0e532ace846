"""Figures as files: their size, their colours, the mark, and the one browser that draws them."""

from __future__ import annotations

import io
import os
import re
import signal
import threading
import tomllib

import plotly.graph_objects as go
import pytest
from PIL import Image

from app.study.figures.theme import (
    INK,
    PAPER,
    SYNTHETIC_MARK,
    framed,
    make_figure,
    text_at,
    under_axis,
)
from app.study.files import browser, figures
from app.study.files.figures import ExportError, export_available, figure_bytes, scale
from tests.conftest import ROOT

AVAILABLE, REASON = export_available()
needs_browser = pytest.mark.skipif(not AVAILABLE, reason=REASON)


@pytest.fixture(scope="module", autouse=True)
def _browser_ends():
    yield
    browser._kept_browser().close()


def a_figure(**layout) -> go.Figure:
    marker = {"color": [PAPER, INK], "size": 20}
    points = {"type": "scatter", "x": [0, 1], "y": [0, 1], "mode": "markers", "marker": marker}
    note = text_at("Years", x=0.5, y=0.5)
    figure = make_figure([points], height=200, annotations=[note], **layout)
    return framed(figure, "Overall survival", synthetic=True)


def png(figure: go.Figure) -> Image.Image:
    return Image.open(io.BytesIO(figure_bytes(figure, "png"))).convert("RGB")


def colour(text: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(text.removeprefix("#")))


def test_the_colours_are_those_of_the_app():
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    own = theme["light"]
    assert (own["textColor"], own["backgroundColor"]) == (figures._TEXT, figures._PAPER)
    assert own["borderColor"] == figures._GRID


@needs_browser
def test_an_svg_keeps_the_mark_and_has_no_placeholder_left():
    figure = a_figure()
    before = figure.to_json()
    svg = figure_bytes(figure, "svg").decode()
    assert figure.to_json() == before
    assert SYNTHETIC_MARK in svg
    assert "Overall survival" in svg
    for placeholder in ("#000037", "#000038", "rgb(0, 0, 55)", "rgb(0, 0, 56)"):
        assert placeholder not in svg
    assert "rgb(23, 34, 53)" in svg
    width = float(re.search(r'width="([\d.]+)"', svg)[1])
    assert width / 96 * 25.4 == pytest.approx(180, abs=0.3)


@needs_browser
def test_a_map_drawn_by_the_graphics_card_becomes_vectors():
    points = {"type": "scattergl", "x": [0, 1, 2], "y": [0, 1, 2], "mode": "markers"}
    figure = framed(make_figure([points], height=200), "Map")
    svg = figure_bytes(figure, "svg").decode()
    assert "<image" not in svg
    assert len(re.findall(r'class="point"', svg)) == 3


@needs_browser
def test_a_png_has_300_dots_an_inch():
    image = png(a_figure())
    assert abs(image.width - 2126) <= 2
    height = a_figure().layout.height * scale("png")
    assert abs(image.height - height) <= 2


@needs_browser
def test_the_page_is_white_and_its_words_dark():
    drawn = png(a_figure())
    assert drawn.getpixel((2, 2)) == colour("#ffffff")
    seen = {pixel for _, pixel in drawn.getcolors(drawn.width * drawn.height)}
    assert colour("#172235") in seen


@needs_browser
def test_threads_share_one_browser():
    drawn: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: drawn.append(figure_bytes(a_figure(), "png")))
        for _ in range(4)
    ]
    figure_bytes(a_figure(), "svg")
    process = browser._kept_browser()._kaleido.subprocess.pid
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(drawn) == 4
    assert len(set(drawn)) == 1
    assert browser._kept_browser()._kaleido.subprocess.pid == process


@needs_browser
def test_a_browser_that_was_killed_is_replaced():
    figure_bytes(a_figure(), "svg")
    process = browser._kept_browser()._kaleido.subprocess
    os.killpg(process.pid, signal.SIGKILL)
    assert figure_bytes(a_figure(), "svg").startswith(b"<svg")
    assert browser._kept_browser()._kaleido.subprocess.pid != process.pid


def test_without_a_browser_there_is_a_reason(monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", "/nowhere/chromium")
    available, reason = export_available()
    assert not available
    assert "No Chrome or Chromium" in reason
    with pytest.raises(ExportError, match="toolbar"):
        figure_bytes(a_figure(), "svg")


def test_a_browser_that_does_not_start_is_a_sentence(monkeypatch, tmp_path):
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(broken))
    browser._kept_browser().close()
    with pytest.raises(ExportError, match="did not draw the figure"):
        figure_bytes(a_figure(), "svg")


def test_the_caption_of_a_test_stands_outside_the_axes():
    """Whatever the curves do: on the page and in PNG and SVG, which draw the same figure."""
    for caption in ("Log-rank test p < 0.0001", "Stratified log-rank test p = 0.009"):
        axis, test = under_axis("Years of follow-up", caption)
        assert test["text"] == caption
        assert (test["x"], test["xanchor"], test["y"]) == (1, "right", 0)
        assert test["yshift"] < -20
        assert test["yanchor"] == "top"
        assert axis["xanchor"] == "left"
    assert axis["text"] == "Years"
    assert under_axis("Years of follow-up")[0]["x"] == 0.5
