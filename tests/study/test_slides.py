"""Slides: native charts that hold the answer's numbers, a template respected, nobody in them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from docx import Document
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE, PP_PLACEHOLDER
from pptx.oxml.ns import qn
from pptx.util import Inches

from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.study.analyses import answer_to
from app.study.answer import Answer
from app.study.figures.alluvial import alluvial
from app.study.figures.theme import framed
from app.study.files.browser import ExportError
from app.study.question import Question
from app.study.slides import SlidesError, _figures, to_docx, to_pptx
from app.study.story import Step, Story
from app.views.transplant.defaults import suggest
from data_loaders import Cohort, load_cohort
from data_loaders.uploads import load_upload
from tests.study.every_view import genes, maf, patients

ASKED: dict[str, tuple[str, str | None, dict[str, Any]]] = {
    "curves": ("survival.curves", "variable:diagnosis", {"endpoint_key": "os"}),
    "incidence": ("survival.incidence", "alteration:TP53", {"endpoint_key": "aml"}),
    "forest": (
        "survival.cox", None,
        {"endpoint_key": "os", "covariates": ["variable:age_years", "variable:sex"]},
    ),
    "volcano": ("survival.screen", None, {"endpoint_key": "os"}),
    "bars": ("genomics.burden", "variable:diagnosis", {"kinds": ["gene"]}),
    "shares": ("genomics.frequencies", None, {"kinds": ["gene"]}),
    "oncoprint": ("genomics.oncoprint", "variable:diagnosis", {"kinds": ["gene"], "most": 6}),
}  # fmt: skip


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    table, calls = patients(), genes()
    table["diagnosis"] = table["diagnosis"].replace({"CMML": "=1+1 <b>"})
    variants = maf(table["patient_id"], calls)
    return load_upload(
        {
            "clinical.csv": table.to_csv(index=False).encode(),
            "variants.maf": variants.to_csv(sep="\t", index=False).encode(),
        }
    )


@pytest.fixture(scope="module")
def answers(cohort: Cohort) -> dict[str, Answer]:
    return {
        name: answer_to(
            Question(
                "upload:abc", cohort.fingerprint, analysis,
                grouping=None if by is None else GroupingSpec.parse(by), settings=settings,
            ),
            cohort,
        )
        for name, (analysis, by, settings) in ASKED.items()
    }  # fmt: skip


def no_browser(*_: Any, **__: Any) -> bytes:
    raise ExportError("No Chrome or Chromium was found.")


@pytest.fixture(scope="module")
def content(cohort: Cohort, answers: dict[str, Answer]) -> Iterator[bytes]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_figures, "figure_bytes", no_browser)
        yield to_pptx(list(answers.values()), selection=Filter().apply(cohort))


@pytest.fixture(scope="module")
def slides(content: bytes) -> list[Any]:
    return list(Presentation(io.BytesIO(content)).slides)


def chart(slide: Any) -> Any:
    return next(shape.chart for shape in slide.shapes if shape.has_chart)


def points(series: Any) -> np.ndarray:
    """Places of a series, gaps left out, one row a point."""
    held = []
    for tag in ("xVal", "yVal"):
        found = series._element.find(qn(f"c:{tag}")).iter(qn("c:pt"))
        held.append({point.get("idx"): float(point.findtext(qn("c:v"))) for point in found})
    return np.array([(held[0][at], held[1][at]) for at in held[0] if at in held[1]])


def named(slide: Any, name: str) -> np.ndarray:
    found = [series for series in chart(slide).plots[0].series if series.name.strip() == name]
    assert found, [series.name for series in chart(slide).plots[0].series]
    return points(found[-1])


@pytest.mark.parametrize(("number", "value"), [(0, "survival"), (1, "incidence")])
def test_curves_are_steps_through_the_table(
    slides: list[Any], answers: dict[str, Answer], number: int, value: str
):
    table = answers[list(ASKED)[number]].tables()["Curves"]
    column = next(name for name in table.columns if value in name)
    for group in table["group"].unique():
        own = table[table["group"] == group]
        corners = named(slides[number], group)
        assert len(corners) > 5
        assert (np.diff(corners[:, 0]) == 0).any(), "a curve has steps"
        for time, height in corners[2::2]:
            near = np.abs(own["time_years"] - time) < 0.001
            assert np.abs(own.loc[near, column] - height).min() < 1e-4, (group, time)
    assert chart(slides[number]).chart_type.name.startswith("XY_SCATTER")


def heights_of(table: pd.DataFrame, column: str, time: str, at: float) -> np.ndarray:
    near = np.abs(table[time] - at) < 0.001
    return table.loc[near, column].to_numpy(dtype=float)


def test_a_score_and_a_transplant_are_steps_through_their_tables():
    demo = load_cohort("demo:aml")
    suggestion = suggest(demo, Filter())
    assert suggestion is not None
    asked = {
        "prognosis.single": {"scale": "score:eln_2022", "endpoint_key": "os"},
        "transplant.emulated": {"trial": suggestion.trial.to_json()},
    }
    told = [
        answer_to(Question("demo:aml", demo.fingerprint, analysis, settings=settings), demo)
        for analysis, settings in asked.items()
    ]
    score, transplant = Presentation(io.BytesIO(to_pptx(told))).slides
    curves = told[0].tables()["Curves"]
    for group, own in curves.groupby("group"):
        for time, height in named(score, str(group))[2::2]:
            found = heights_of(own, "survival", "time_years", time)
            assert np.abs(found - height).min() < 1e-4, (group, time)
    emulated = told[1].numbers().assign(years=lambda table: table["time"] / 12)
    shown = emulated[emulated["group"] == emulated["group"].iloc[0]]
    for strategy, own in shown.groupby("strategy"):
        if strategy not in {series.name.strip() for series in chart(transplant).plots[0].series}:
            continue  # not supported, hence not drawn
        for time, height in named(transplant, str(strategy))[2:-1:2]:
            found = heights_of(own, "survival", "years", time)
            assert np.abs(found - height).min() < 1e-4, (strategy, time)


def test_the_risk_table_is_a_table_under_the_ticks(slides: list[Any], cohort: Cohort):
    table = next(shape for shape in slides[0].shapes if shape.has_table)
    groups = cohort.patients["diagnosis"].value_counts()
    for row in list(table.table.rows)[1:]:
        name = row.cells[0].text.removeprefix("■").strip()
        expected = next(n for group, n in groups.items() if str(group).startswith(name))
        assert row.cells[1].text == f"{expected:,}"
    frame = next(shape for shape in slides[0].shapes if shape.has_chart)
    layout = chart(slides[0])._chartSpace.find(f".//{qn('c:manualLayout')}")
    share = {one: float(layout.find(qn(f"c:{one}")).get("val")) for one in "xw"}
    axis = chart(slides[0]).category_axis
    start, end = axis.minimum_scale, axis.maximum_scale
    widths = [column.width for column in table.table.columns]
    for tick in (2, 3):
        place = frame.left + frame.width * (
            share["x"] + share["w"] * ((tick - 1) * axis.major_unit - start) / (end - start)
        )
        middle = table.left + sum(widths[:tick]) + widths[tick] / 2
        assert abs(place - middle) < Inches(0.02)


def test_a_forest_has_error_bars_on_a_logarithmic_axis(
    slides: list[Any], answers: dict[str, Answer]
):
    table = answers["forest"].tables()["Coefficients"]
    space = chart(slides[2])._chartSpace
    assert space.find(f".//{qn('c:logBase')}") is not None
    series = next(
        one for one in chart(slides[2]).plots[0].series
        if one._element.find(qn("c:errBars")) is not None
    )  # fmt: skip
    held = points(series)
    assert held[:, 0] == pytest.approx(table["hr"], rel=1e-3)
    for tag, ends in (
        ("plus", table["upper"] - table["hr"]),
        ("minus", table["hr"] - table["lower"]),
    ):
        bar = series._element.find(f"{qn('c:errBars')}/{qn(f'c:{tag}')}")
        told = [float(one.text) for one in bar.iter(qn("c:v"))]
        assert told == pytest.approx(ends, abs=5e-3)


def test_points_and_bars_are_those_of_the_tables(slides: list[Any], answers: dict[str, Answer]):
    screen = answers["volcano"].tables()["Screen"]
    plotted = np.vstack(
        [
            points(series)
            for series in chart(slides[3]).plots[0].series
            if re.fullmatch(r"(Higher|Lower) hazard|q ≥ 0.05", series.name)
        ]
    )
    assert sorted(plotted[:, 0]) == pytest.approx(sorted(screen["hr"]), rel=1e-3)
    assert sorted(plotted[:, 1]) == pytest.approx(sorted(-np.log10(screen["p_value"])), abs=1e-3)
    bars = next(slide for slide in slides if "Number of alterations" in str(texts(slide)))
    table = answers["bars"].tables()["Distribution"]
    share = next(name for name in table.columns if "share" in name)
    for series in chart(bars).plots[0].series:
        own = table[table["group"].str.startswith(series.name.strip())]
        assert list(series.values) == pytest.approx(list(own[share]), abs=1e-4)


def test_bars_have_the_intervals_of_their_shares(slides: list[Any], answers: dict[str, Answer]):
    (series,) = chart(slides[-2]).plots[0].series
    table = answers["shares"].tables()["Everyone"]
    assert list(series.values) == pytest.approx(list(table["frequency"]), abs=1e-4)
    upper = series._element.find(f"{qn('c:errBars')}/{qn('c:plus')}").iter(qn("c:v"))
    assert [float(one.text) for one in upper] == pytest.approx(
        list(table["upper"] - table["frequency"]), abs=1e-3
    )
    labels = series._element.findall(f".//{qn('c:dLbl')}")
    assert not labels, "what only pointing at a bar tells is not written into it"


def test_table_one_is_a_table_and_flows_are_a_picture_with_their_numbers(
    cohort: Cohort, answers: dict[str, Answer], monkeypatch: pytest.MonkeyPatch
):
    # The map's points are held to their places in tests/views/subgroups/test_figures.py.
    monkeypatch.setattr(_figures, "figure_bytes", no_browser)
    spec = GroupingSpec.parse("alteration:TP53")
    question = Question("upload:abc", cohort.fingerprint, "cohort.table_one", grouping=spec)
    table = answer_to(question, cohort)
    classes = pd.DataFrame([[30, 5], [0, 12]], index=["a", "b"], columns=["X", "Y"])
    drawn = framed(alluvial(classes, {"a": "#2a7fc1"}, left="Subgroup", right="Class"), "t")
    flows = replace(answers["curves"], figures={"Classes": lambda: drawn},
                    tables=lambda: {"Classes": classes.reset_index()})  # fmt: skip
    content = to_pptx([table, flows], selection=Filter().apply(cohort))
    first, *_, last = Presentation(io.BytesIO(content)).slides
    held = next(shape.table for shape in first.shapes if shape.has_table)
    cells = [[cell.text.split() for cell in row.cells] for row in list(held.rows)[1:]]
    printed = table.tables()["Table one"].astype(str)
    told = [[text.split() for text in row] for row in printed.to_numpy().tolist()]
    summaries = slice(0, 4)  # the variable, everyone, both groups; tests beside them
    assert len(cells) > 6
    assert [row[summaries] for row in cells] == [row[summaries] for row in told[: len(cells)]]
    assert not any(shape.has_chart for shape in last.shapes)
    notes = last.notes_slide.notes_text_frame.text.partition("Its numbers:")[2]
    assert "a\t30\t5\nb\t0\t12" in notes.replace("\x0b", "\n")


def texts(slide: Any) -> list[str]:
    return [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]


def test_a_slide_says_the_finding_of_whom_and_whence(slides: list[Any], answers: dict[str, Answer]):
    slide, answer = slides[0], answers["curves"]
    assert slide.shapes.title.text_frame.text.startswith(answer.sentences[0][:30])
    assert answer.accounting.caption() in " ".join(texts(slide))
    assert any("clinical.csv" in text and "CALR Explorer" in text for text in texts(slide))
    notes = slide.notes_slide.notes_text_frame.text
    assert "Kaplan-Meier" in notes
    assert "Analyses were done with CALR Explorer" in notes
    assert all(
        shape._element.xpath(".//p:cNvPr")[0].get("descr")
        for shape in slide.shapes if shape.has_chart or shape.has_table
    )  # fmt: skip


def test_every_shape_of_a_slide_has_a_number_of_its_own(slides: list[Any]):
    for slide in slides:
        numbers = [shape.shape_id for shape in slide.shapes]
        assert len(set(numbers)) == len(numbers)


def test_what_no_chart_shows_says_why_and_has_its_numbers_in_the_notes(slides: list[Any]):
    slide = slides[-1]
    assert any("No Chrome or Chromium was found" in text for text in texts(slide))
    notes = slide.notes_slide.notes_text_frame.text
    assert "TP53" in notes.partition("Its numbers:")[2]


def parts(content: bytes, folder: str = "") -> Iterator[tuple[str, bytes]]:
    """Every file of an archive and of the archives within."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            inner = archive.read(name)
            yield folder + name, inner
            if inner[:2] == b"PK":
                yield from parts(inner, f"{folder}{name}/")


def test_nobody_is_in_the_file_and_nothing_acts(content: bytes):
    found = dict(parts(content))
    assert any("xlsx/xl/worksheets" in name for name in found)
    assert not [name for name, inner in found.items() if b"MRN-" in inner]
    assert not [
        name for name, inner in found.items()
        if "/worksheets/" in name and (b"<f>" in inner or b"hyperlink" in inner)
    ]  # fmt: skip


def template() -> bytes:
    file = Presentation()
    file.slides.add_slide(file.slide_layouts[0]).shapes.title.text = "An example to be gone"
    held = io.BytesIO()
    file.save(held)
    return held.getvalue()


def test_a_template_keeps_its_size_and_lends_its_placeholders(answers: dict[str, Answer]):
    file = Presentation(io.BytesIO(to_pptx(answers["forest"], template())))
    assert (file.slide_width, file.slide_height) == (Inches(10), Inches(7.5))
    (slide,) = file.slides
    kinds = {shape.placeholder_format.type: shape for shape in slide.placeholders}
    layout = {shape.placeholder_format.type: shape for shape in slide.slide_layout.placeholders}
    assert {PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.FOOTER} <= set(kinds)
    assert kinds[PP_PLACEHOLDER.TITLE].top == layout[PP_PLACEHOLDER.TITLE].top
    assert "CALR Explorer" in kinds[PP_PLACEHOLDER.FOOTER].text_frame.text
    area = layout[PP_PLACEHOLDER.OBJECT]
    drawn = next(shape for shape in slide.shapes if shape.has_table)
    assert area.top <= drawn.top
    assert drawn.top + drawn.height <= area.top + area.height
    assert "gone" not in str(texts(slide))


def test_a_template_for_templates_opens_and_what_is_none_is_said(answers: dict[str, Answer]):
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(template())) as whole, zipfile.ZipFile(held, "w") as kept:
        for name in whole.namelist():
            inner = whole.read(name)
            if name == "[Content_Types].xml":
                inner = inner.replace(b"presentation.main+xml", b"template.main+xml")
            kept.writestr(name, inner)
    assert Presentation(io.BytesIO(to_pptx(answers["bars"], held.getvalue())))
    for broken in (b"", b"not a file", held.getvalue()[:400]):
        with pytest.raises(SlidesError, match="cannot be read as a PowerPoint file"):
            to_pptx(answers["bars"], broken)
    with pytest.raises(SlidesError, match=r"none\.pptx cannot be found"):
        to_pptx(answers["bars"], "/tmp/none.pptx")  # noqa: S108


def test_one_patient_stays_off_slides(cohort: Cohort):
    question = Question("upload:abc", cohort.fingerprint, "patient.swimmer")
    with pytest.raises(SlidesError, match="single patients"):
        to_pptx(answer_to(question, cohort))


@pytest.fixture(scope="module")
def story(cohort: Cohort) -> Story:
    curves = Question(
        "upload:abc", cohort.fingerprint, "survival.curves",
        grouping=GroupingSpec.parse("variable:sex"), settings={"endpoint_key": "os"},
    )  # fmt: skip
    gone = replace(curves, cohort="upload:gone", fingerprint="0")
    broken = replace(curves, settings={"endpoint_key": "pfs"})
    return Story(
        "For Monday",
        (
            Step(curves, "Women live longer", "Say it slowly", "Outcome", address="survival?a=b"),
            Step(gone, "Not here"),
            Step(broken, "No such endpoint"),
        ),
    )


def test_a_story_becomes_slides_with_its_words_links_and_gaps(cohort: Cohort, story: Story):
    cohorts = {"upload:abc": cohort}
    content = to_pptx(story, cohorts=cohorts, address="https://calr.example.org/")
    first, shown, gone, broken, last = Presentation(io.BytesIO(content)).slides
    assert first.shapes.title.text_frame.text == "For Monday"
    assert shown.shapes.title.text_frame.text == "Women live longer"
    notes = shown.notes_slide.notes_text_frame.text
    assert notes.startswith("Say it slowly")
    assert "https://calr.example.org/survival?a=b" in notes
    assert chart(shown)
    assert "is not here: load it" in str(texts(gone))
    assert "has no endpoint" in str(texts(broken))
    (code,) = [shape for shape in last.shapes if shape.shape_type == MSO_SHAPE_TYPE.PICTURE]
    assert code.click_action.hyperlink.address == "https://calr.example.org/survival?a=b"
    assert b"MRN-" not in b"".join(dict(parts(content)).values())
    *_, last = Presentation(io.BytesIO(to_pptx(story, cohorts=cohorts))).slides
    assert not [shape for shape in last.shapes if shape.shape_type == MSO_SHAPE_TYPE.PICTURE]
    with pytest.raises(SlidesError, match="nothing to make slides of"):
        to_pptx(Story())


def test_a_story_becomes_a_handout_of_a4(
    cohort: Cohort, story: Story, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(_figures, "figure_bytes", no_browser)
    content = to_docx(story, cohorts={"upload:abc": cohort})
    file = Document(io.BytesIO(content))
    assert (round(file.sections[0].page_width.cm), round(file.sections[0].page_height.cm)) == (
        21,
        30,
    )
    said = "\n".join(cell.text for row in file.tables[0].rows for cell in row.cells)
    assert "1  Women live longer" in said
    assert "Not shown: The cohort of this step" in said
    assert "at 5 years" in said, "without a browser the words stand in the picture's place"
    assert b"MRN-" not in b"".join(dict(parts(content)).values())


def test_an_answer_becomes_a_report(
    cohort: Cohort, answers: dict[str, Answer], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(_figures, "figure_bytes", no_browser)
    answer = answers["forest"]
    file = Document(io.BytesIO(to_docx(answer, selection=Filter().apply(cohort))))
    said = "\n".join(paragraph.text for paragraph in file.paragraphs)
    assert all(sentence.replace("**", "") in said for sentence in answer.sentences)
    assert "Efron" in said
    assert "clinical.csv" in file.sections[0].footer.paragraphs[0].text


def test_synthetic_data_say_so(demo_answer: Answer):
    (slide,) = Presentation(io.BytesIO(to_pptx(demo_answer))).slides
    assert any(text.startswith("SYNTHETIC DATA") for text in texts(slide))


@pytest.fixture
def demo_answer() -> Answer:
    cohort = load_cohort("demo:mpn")
    settings = {"kinds": ["gene"]}
    return answer_to(
        Question("demo:mpn", cohort.fingerprint, "genomics.burden", settings=settings), cohort
    )


def test_a_table_that_names_patients_is_known():
    from app.study.files.tables import names_patients

    ids = {"A1", "A2", "A3"}
    assert names_patients(pd.DataFrame({"who": ["A1", "A3"], "x": [1, 2]}), ids)
    assert names_patients(pd.DataFrame({"gene": ["TP53"], "A1": [1], "A2": [0], "A3": [1]}), ids)
    assert names_patients(pd.DataFrame({"patient_id": [1]}), ())
    assert not names_patients(pd.DataFrame({"group": ["A", "B"], "n": [3, 4]}), ids)


def test_a_group_of_whom_nobody_is_censored_has_a_native_chart(cohort: Cohort):
    """Its trace of censoring marks is empty."""
    event, first = cohort.endpoints["os"].event, cohort.patients["diagnosis"].iloc[0]
    died = cohort.patients[event].mask(cohort.patients["diagnosis"] == first, 1)
    held = replace(cohort, patients=cohort.patients.assign(**{event: died}))
    analysis, by, settings = ASKED["curves"]
    assert by is not None
    question = Question(
        "upload:abc", held.fingerprint, analysis, grouping=GroupingSpec.parse(by), settings=settings
    )
    content = to_pptx([answer_to(question, held)], selection=Filter().apply(held))
    assert chart(Presentation(io.BytesIO(content)).slides[0]).plots[0].series
