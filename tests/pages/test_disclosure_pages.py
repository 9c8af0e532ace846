"""Every page with disclosure control on: nothing that is shown or downloaded counts few patients.

A crawl over the pages, views, demo cohorts and small filters reads every text, table, figure (with
its hovers) and download, and looks for whole numbers from 1 to k - 1. Counts are multiples of k by
construction, so where a number is known to be a count that is asked for too.
"""

from __future__ import annotations

import io
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.views.tallied.page import DATA, VIEWS, draw_tallied
from data_loaders.settings import DISCLOSURE
from tests.conftest import ROOT
from tests.pages.conftest import figures, words

Opener = Callable[..., AppTest]
Downloads = dict[str, Any]

# How many alterations or variables were compared.
COMPARED = r"\b(?:\d+ of )?\d+ alterations compared|Of \d+ variables? compared, \d+ differs?\b"
# What is a whole number and no count of patients; each with its reason.
NOT_COUNTS = (
    r"\b1, 3 and 5 years|1 − Kaplan-Meier|fewer than 10% or 10 patients",  # when curves are read
    r"[\d.,]+ ?%",  # shares of released counts
    r"\b(?:At )?\d+(?:\.\d+)? (?:years?|months?|digits?)\b",  # times, precision
    r"\bp (?:=|<)? ?[\d.]+(?: or less)?",  # p-values
    r"\b\d+ or more\b|\bbelow [\d.,]+|[\d.,]+ to below [\d.,]+",  # limits of ranges
    r"[Cc]ounts (?:below|rounded to) \d+|rounded to \d+|others rounded to \d+",  # the policy
    r"multiple of \d+|stands for \d+|fewer than \d+|groups? (?:of|has) \d+",  # the policy
    r"\bfrom \d+ to \d+ years",  # the filter, as it was typed
    r"10⁹/L",  # a unit
    r"1 month = [\d.]+ days, 12 months = [\d.]+ days",
    r"[\d.,]+ \([\d.,]+ to [\d.,]+\)",  # median and quartiles, two digits
    COMPARED,
    r"in at least \d+ patients",  # what is compared at all
)
# Columns of names, of estimates and of times; all others hold counts.
NAMES = {
    "Variable", "Value", "Alteration", "Group", "First", "Second", "Step", "Endpoint", "group",
    "feature", "label", "kind", "variable", "level", "value",
}  # fmt: skip
ESTIMATES = {
    "p", "Share", "Lower", "Upper", "Odds ratio", "Median", "At 1 year", "At 3 years", "At 5 years",
    "At 10 years", "estimate", "lower", "upper", "month", "source", "disclosure_control",
}  # fmt: skip
# Columns of the ordinary tables of survival that are times and shares.
TOLD = re.compile(
    r"(Median|Time|Follow-up|Survival|Restricted|Difference|Given|Incidence|Lower|Upper)\b"
    r"|Event free|Frequency|Year|95% (lower|upper)|\d+-year|[pq] \(|.*, (years|95% (lower|upper))$"
)
DICTIONARY = {"Unit", "Kind", "Role"}
WHOLE = re.compile(r"(?<![\w.,;(+\-–/])\d[\d,]*(?![\w.;)/]|,\d)")
OF = re.compile(r"(\d[\d,]*) of (\d[\d,]*)")
PLACES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("home", {}),
    ("cohort", {}),
    ("cohort", {"cohort_view": "Table one"}),
    ("cohort", {"cohort_view": "Completeness"}),
    ("survival", {}),
    ("survival", {"group": "variable:sex"}),
    ("survival", {"view": "Competing risks", "endpoint": "lfs"}),
    ("survival", {"view": "Screen"}),
    ("genomics", {}),
    ("genomics", {"group": "Everyone together"}),
    ("genomics", {"genomics": "Oncoprint"}),
    ("data", {}),
)


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> Downloads:
    """What the buttons of the page give when they are clicked, by key."""
    made: Downloads = {}
    offered = st.download_button

    def recorded(label: str, data: Any, *args: Any, **kwargs: Any) -> bool:
        made[str(kwargs.get("key"))] = data
        return offered(label, data, *args, **kwargs)

    monkeypatch.setattr(st, "download_button", recorded)
    return made


def small(text: str, k: int) -> list[str]:
    """Whole numbers of a text from 1 to k - 1 that nothing explains."""
    for pattern in NOT_COUNTS:
        text = re.sub(pattern, " ", text)
    return [found for found in WHOLE.findall(text) if 0 < int(found.replace(",", "")) < k]


def not_multiples(text: str, k: int) -> list[str]:
    """Numbers of "N of M" that are no released counts."""
    pairs = [number for pair in OF.findall(re.sub(COMPARED, " ", text)) for number in pair]
    return [number for number in pairs if int(number.replace(",", "")) % k]


def leaks_of_text(where: str, text: str, k: int) -> list[str]:
    return [f"{where}: {n} in {text!r}" for n in (*small(text, k), *not_multiples(text, k))]


def leaks_of_frame(where: str, frame: pd.DataFrame, k: int) -> Iterator[str]:
    for name in map(str, frame.columns):
        size = re.search(r"\((\d[\d,]*)\)$", name)
        if size and int(size[1].replace(",", "")) % k:
            yield f"{where}: column {name}"
        if name in NAMES | ESTIMATES | DICTIONARY or TOLD.match(name):
            continue
        for cell in frame[name]:
            if isinstance(cell, str) and re.fullmatch(r"[\d.,]+ \([\d.,]+ to [\d.,]+\)", cell):
                continue
            leading = re.match(r"\d[\d,]*(?![\d.%])", str(cell))
            if leading and int(leading[0].replace(",", "")) % k:
                # A median without quartiles is no count.
                if "median (quartiles)" in set(frame.get("Value", ())) and "%" not in str(cell):
                    place = frame[frame[name] == cell]
                    if set(place["Value"]) == {"median (quartiles)"}:
                        continue
                yield f"{where}: {cell} in column {name}"


def texts_of(value: Any) -> Iterator[str]:
    """Every text and number within a part of a figure."""
    if isinstance(value, dict) and "bdata" in value:
        decoded = np.frombuffer(b64decode(value["bdata"]), value["dtype"])
        yield from (f"{number:g}" for number in decoded)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield f"{value:g}"


def leaks_of_figure(where: str, figure: dict[str, Any], k: int) -> Iterator[str]:
    for trace in figure["data"]:
        for part in ("customdata", "text", "hovertext", "hovertemplate", "name", "meta", "ids"):
            for text in texts_of(trace.get(part)):
                # Before the colon stands a name, such as a number of alterations.
                named = part == "customdata" and re.match(r".*: [\d,]+ of|.*: hidden", text)
                said = text.rsplit(": ", 1)[1] if named else re.sub(r"%\{[^}]*\}", " ", text)
                yield from leaks_of_text(f"{where} {part}", said, k)
    for note in figure["layout"].get("annotations", ()):
        yield from leaks_of_text(f"{where} annotation", note["text"], k)


def leaks_of_downloads(made: Downloads, k: int) -> Iterator[str]:
    books = [key for key in made if key.endswith("_xlsx")]
    for key, data in made.items():
        if key in books[1:]:
            # The same table as its CSV; reading one workbook a page is slow enough.
            continue
        if key.endswith("_csv"):
            yield from leaks_of_frame(key, pd.read_csv(io.BytesIO(data()), dtype=str), k)
        elif key in books:
            sheets = pd.read_excel(io.BytesIO(data()), sheet_name=None, dtype=str)
            for sheet, numbers in list(sheets.items())[1:]:
                # A workbook's headings are written for people.
                raw = {name.replace("_", " ").capitalize(): name for name in NAMES | ESTIMATES}
                yield from leaks_of_frame(f"{key} {sheet}", numbers.rename(columns=raw), k)
                assert "Disclosure control" in numbers
        else:
            # Figures are drawn from the same figure that is on the page.
            assert key.endswith(("_svg", "_png")), f"{key} is a download that nobody checked"


def leaks(at: AppTest, made: Downloads, k: int) -> list[str]:
    found: list[str] = []
    for line in words(at).split("\n"):
        found += leaks_of_text("text", line, k)
    for tile in at.metric:
        found += leaks_of_text("tile", str(tile.value), k) if "about" in tile.label else []
    for number, figure in enumerate(figures(at)):
        found += leaks_of_figure(f"figure {number}", figure, k)
    for chart in at.get("plotly_chart"):
        found += leaks_of_text("alt", str(chart.proto.alt), k)
    for number, frame in enumerate(at.dataframe):
        found += list(leaks_of_frame(f"table {number}", frame.value, k))
    return found + list(leaks_of_downloads(made, k))


def crawled(open_app: Opener, made: Downloads, k: int, **query: Any) -> None:
    for page, view in PLACES:
        made.clear()
        at = open_app(page, **(query | view))
        assert not at.exception, (page, view, at.exception)
        assert not at.error
        found = leaks(at, made, k)
        assert not found, (page, view, found[:12])
        if page in {"home", "cohort", "survival", "genomics"} and not view:
            assert figures(at), "what can be shown is shown"


@pytest.mark.parametrize(
    ("threshold", "query"),
    [
        (5, {"cohort": "demo:cll"}),
        (5, {"cohort": "demo:mpn", "dx": ["PV"], "ask": ["age_years=1"]}),
        (11, {"cohort": "demo:mpn", "ask": ["age_years=0"]}),
    ],
)
def test_no_page_shows_few(
    open_app: Opener,
    downloads: Downloads,
    monkeypatch: pytest.MonkeyPatch,
    threshold: int,
    query: dict[str, Any],
):
    monkeypatch.setenv(DISCLOSURE.name, str(threshold))
    crawled(open_app, downloads, threshold, **query)


def test_the_crawl_finds_what_is_shown_without_control(open_app: Opener, downloads: Downloads):
    """The test itself: the ordinary pages are full of what it looks for."""
    at = open_app("cohort", cohort="demo:mds", age=["20", "50"])
    downloads.clear()
    assert len(leaks(at, downloads, 5)) > 3


@pytest.mark.parametrize("page", ["home", "cohort", "survival", "genomics"])
def test_a_filter_of_few_is_refused(
    open_app: Opener, downloads: Downloads, monkeypatch: pytest.MonkeyPatch, page: str
):
    monkeypatch.setenv(DISCLOSURE.name, "5")
    # Patients with JAK2 in the fewest: nobody of ET below 40 carries TP53 often enough.
    at = open_app(page, dx=["PV"], ask=["age_years=0"], **{"with": ["TP53"]})
    assert not at.exception
    assert "fewer than 5 patients, or its number would tell" in words(at)
    assert not figures(at)
    assert not at.dataframe
    assert not downloads
    assert not at.metric
    assert "Not shown" in words(at)


def test_a_link_with_a_limit_of_its_own_is_refused(
    open_app: Opener, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(DISCLOSURE.name, "5")
    for query in (
        {"filter": '{"column":"age_years","between":[51,80]}'},
        {"filter": '{"column":"age_years","between":[60,60]}'},
        {"filter": '{"column":"centre","in":["Centre A","Centre B"]}'},
        {"filter": '{"mutated_genes":[3,null]}'},
    ):
        at = open_app("home", **query)
        assert not at.exception
        assert "by one published value" in words(at), query
        assert not figures(at)
        assert not at.metric


def test_pages_without_a_released_view_are_refused(
    open_app: Opener, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(DISCLOSURE.name, "5")
    paths = {path.stem for path in (ROOT / "pages").glob("*.py")} - {"home", "methods", "audit"}
    refused = paths - set(VIEWS) - {DATA}
    assert {"subgroups"} <= refused
    for page in refused:
        at = open_app(page)
        assert not at.exception
        assert "this page is not shown here" in words(at)
        assert not figures(at)
        assert not at.dataframe
        assert not at.get("download_button")


def test_it_is_said_once_in_the_sidebar_and_in_every_figure(
    open_app: Opener, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(DISCLOSURE.name, "11")
    at = open_app("home")
    said = [caption.value for caption in at.sidebar.caption]
    assert sum("Disclosure control is on: counts below 11" in text for text in said) == 1
    for figure in figures(at):
        notes = [note["text"] for note in figure["layout"]["annotations"]]
        assert "Counts rounded to 11; below 11 hidden" in notes


def test_a_wrong_setting_shows_nothing(open_app: Opener, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(DISCLOSURE.name, "five")
    at = open_app("survival")
    assert not at.exception
    assert "Nothing is shown" in at.error[0].value
    assert not figures(at)
    assert not at.selectbox


def test_off_nothing_is_said(open_app: Opener):
    at = open_app("home")
    assert "Disclosure control" not in words(at)
    assert "2,000 patients" in words(at)
    assert draw_tallied("subgroups") is False
