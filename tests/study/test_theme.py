"""What all figures share: even lines of a title, a legend whose entries take their own room."""

from __future__ import annotations

import pytest

from app.study.figures.theme import make_figure, wrapped


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        (
            "Overall survival by driver mutation, 2,000 patients",
            ["Overall survival by driver mutation, 2,000 patients"],
        ),
        (
            "Alterations, JAK2 against the other groups: 1,302 and 698 patients",
            ["Alterations, JAK2 against the other", "groups: 1,302 and 698 patients"],
        ),
        ("x" * 62, ["x" * 31, "x" * 31]),
    ],
)
def test_a_title_has_as_few_lines_as_fit_and_no_orphan(text: str, lines: list[str]):
    assert wrapped(text).split("<br>") == lines


def test_entries_of_a_horizontal_legend_take_the_room_of_their_own_words():
    traces = [{"type": "bar", "name": "a"}, {"type": "bar", "name": "b", "legendgroup": "own"}]
    across = make_figure(traces, height=90, legend={"orientation": "h", "traceorder": "normal"})
    assert [trace.legendgroup for trace in across.data] == ["0", "own"]
    assert across.layout.legend.traceorder == "normal"
    assert make_figure(traces, height=90).data[0].legendgroup is None
