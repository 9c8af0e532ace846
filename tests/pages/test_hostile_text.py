"""A cohort whose every text is markup: no page, figure or message reads it as such."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from data_loaders import Cohort, load_table_bytes
from tests.pages.conftest import calm, data_tabs_of, open_upload
from tests.pages.test_every_figure import WALKS

ODD = (
    "$5-$10 a*b*c", "[click](http://h.example)", "<b>Bold</b> <a href='http://h.example'>a</a>",
    ":red[r] ~~gone~~",
)  # fmt: skip
NAME = "![pix](x) :red[a] $x$ <i>y"
PARTS = ("$5-$10", "a*b*c", "[click](", "<b>Bold", "<a href", ":red[", "~~gone", "![pix]", "<i>y")
MARKDOWN = {"body", "label", "help", "text", "content", "delta", "title", "caption"}
SILENT = {"arrow_data_frame", "plotly_chart", "code", "json", "html", "component_instance"}


@cache
def hostile() -> Cohort:
    rows = [
        f'"P{i} *x*","{ODD[i % 4]}","{ODD[(i // 4) % 3]}",{40 + i % 40},{i % 2},'
        f"{1 + i % 70},{int(i % 3 == 0)},{int(i % 4 == 1)},{int(i % 5 == 2)}"
        for i in range(160)
    ]
    header = (
        '"patient_id","diagnosis","centre $1$ <b>*c*</b>",age_years,sex_code,os_months,os_event,'
        "CALR,JAK2"
    )
    return load_table_bytes(f"{NAME}.csv", "\n".join([header, *rows]).encode())


def marked(message: Message) -> Iterator[str]:
    """Every string that Streamlit reads as Markdown."""
    for field, value in message.ListFields():
        if field.name in SILENT:
            continue
        if field.type == field.TYPE_MESSAGE:
            for part in value if field.is_repeated else (value,):
                yield from marked(part)
        elif isinstance(value, str) and field.name in MARKDOWN:
            yield value


def texts(at: AppTest) -> Iterator[str]:
    waiting = [at._tree]
    while waiting:
        node = waiting.pop()
        waiting += list(getattr(node, "children", {}).values())
        proto = getattr(node, "proto", None)
        if isinstance(proto, Message) and getattr(node, "type", "") not in SILENT:
            yield from marked(proto)


@pytest.mark.parametrize(("page", "query", "tab"), WALKS, ids=lambda part: str(part)[:40])
def test_texts_of_the_data_are_shown_as_they_are(page: str, query: dict[str, str], tab: str):
    if tab or query.get("cohort") or page == "methods":
        pytest.skip("the tabs of a page are walked with its first, other cohorts not at all")
    cohort = hostile()
    tabs = {"_data_tabs_opened": data_tabs_of(cohort)}
    at = calm(open_upload(cohort, page, query=query, state=tabs))
    said = list(texts(at))
    loud = [text for text in said for part in PARTS if part in text]
    assert not loud, loud[:5]
    # Pooled is about the releases of sites, and here about its example.
    assert page == "pooled" or any(
        "\\$" in text or "\\[" in text or "&lt;" in text for text in said
    )
    for chart in at.get("plotly_chart"):
        spec = json.dumps(json.loads(chart.proto.spec), ensure_ascii=False)
        assert "<a href" not in spec, chart.proto.id
        assert "<b>Bold" not in spec, chart.proto.id
        assert "<i>y" not in spec, chart.proto.id
        assert "$5" not in spec, chart.proto.id


def test_figures_that_are_downloaded_show_texts_as_they_are(monkeypatch: pytest.MonkeyPatch):
    offered = {}

    def offer(_label: str, data: object, _file: str, **options: object) -> bool:
        offered[options["key"]] = data
        return False

    monkeypatch.setattr("streamlit.download_button", offer)
    query = {"group": "variable:diagnosis"}
    calm(open_upload(hostile(), "survival", query=query, state={"km_take": True}))
    drawn = {}
    for key, make in offered.items():
        if key.endswith("_svg"):
            figure, _, escape = make.args[0].args  # within what notes that it is taken away
            whole = escape(figure() if callable(figure) else figure)
            drawn[key] = json.dumps(whole.to_plotly_json(), default=str)
    assert {"km_svg", "km_take_svg"} <= set(drawn)
    for figure in drawn.values():
        assert "&lt;b&gt;Bold" in figure
        assert "&amp;lt;" not in figure
        assert "<b>Bold" not in figure
