"""Texts of the data are shown as they are, in Markdown and in figures."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cohort.escaping import Escapes, figure_escaped, markdown_escaped
from tests.builders import DIAGNOSIS, make_cohort

HOSTILE = (
    "$5-$10", "a*b*c", "~~x~~", "[click](http://h.example)", "<b>bold</b>", ":red[r]",
    "![pix](http://h.example/i)", "# Heading", "1. one", "- item", "`code`", "_x_",
    ":material/home:",
    "p.R882*", "me@h.example", "www.h.example", "&lt;", "a|b",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_markup_is_left(text: str):
    escaped = markdown_escaped(text)
    assert escaped != text
    for mark in ("**", "://", "e@h", "www."):
        assert mark not in escaped
    assert not re.search(r"(?<!\\)[*$~`\[\]]", escaped)
    assert not re.search(r"<\w", escaped)


@given(st.text(alphabet="ab 1$*_~<>[]():#&|!/.-+`\\", max_size=30))
def test_what_is_shown_is_the_text(text: str):
    shown = html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown_escaped(text)))
    assert shown.replace("\u2060", "") == html.unescape(text) or "&" in text
    assert html.unescape(figure_escaped(text)) == text


@pytest.mark.parametrize(
    "plain", ["os_months", "del(5q)", "t(8;21)", "MDS-SF3B1", "10⁹/L", "JAK2", "0.0", "-7"]
)
def test_ordinary_names_are_left_alone(plain: str):
    assert markdown_escaped(plain) == plain


def test_the_data_are_escaped_and_the_pages_own_markup_is_not():
    values: list[object] = [*HOSTILE, "ordinary"]
    escapes = Escapes.of(make_cohort({"diagnosis": values}, variables=(DIAGNOSIS,)))
    text = "**276 patients** · a*b*c and $5-$10 :orange-badge[SYNTHETIC]"
    assert escapes.markdown(text) == (
        "**276 patients** · a\\*b\\*c and \\$5-\\$10 :orange-badge[SYNTHETIC]"
    )
    assert escapes.markdown("**ordinary**") == "**ordinary**"
    cut = escapes.markdown("only [click](http://h… here")
    assert cut.startswith("only \\[click\\]")
    figure = escapes.figure(
        {"layout": {"title": "<b>Survival by <b>bold</b></b>"}, "data": [{"text": ["<b>bold</b>"]}]}
    )
    assert figure["data"][0]["text"] == ["&lt;b&gt;bold&lt;/b&gt;"]
    assert figure["layout"]["title"] == "<b>Survival by &lt;b&gt;bold&lt;/b&gt;</b>"


def test_a_figure_is_untouched_where_nothing_needs_it():
    escapes = Escapes.of(make_cohort({"diagnosis": ["ET", "MF"]}, variables=(DIAGNOSIS,)))
    figure = {"data": [{"text": ["<b>x</b>"]}]}
    assert escapes.figure(figure) is figure


def test_a_title_broken_into_lines_is_escaped_too():
    escapes = Escapes(frozenset({"one <i>two</i> three"}))
    figure = escapes.figure({"title": "By one<br><i>two</i> three"})
    assert figure["title"] == "By one<br>&lt;i&gt;two&lt;/i&gt; three"
