"""Transplant timing to take away: the script repeats the numbers, the methods what was done."""

from __future__ import annotations

import ast
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from docx import Document
from pptx import Presentation

from app.analysis.transplant import (
    EmulationSettings,
    MicrosimulationSettings,
    Strategy,
    emulate,
    microsimulate,
    transition_models,
)
from app.cohort.filters import Filter
from app.study.analyses import answer_to
from app.study.files.browser import ExportError
from app.study.files.workbook import to_xlsx
from app.study.question import Question
from app.study.scripts.question import question_script
from app.study.slides import to_pptx
from app.study.story._stage import staged
from app.views.transplant.answers.analysis import four_answers
from app.views.transplant.answers.words import side_by_side
from app.views.transplant.defaults import suggest
from app.views.transplant.learning.answer import immortal_answer
from app.views.transplant.learning.immortal import immortal_time
from app.views.transplant.protocol.analysis import write_protocol
from app.views.transplant.protocol.answer_document import (
    AUTHORS,
    Told,
    protocol_document,
    target_sheet,
)
from app.views.transplant.protocol.trial import TargetTrial
from app.views.transplant.script import transplant_script
from app.views.transplant.words import HYPOTHESES, headline
from app.views.transplant.words_methods import (
    NOT_CAUSAL,
    answers_sheets,
    protocol_sheets,
    transplant_methods,
)
from app.views.transplant.words_trust import support_reading
from data_loaders import Cohort, load_cohort
from tests.study.reproduce import run

FILE = 'it\'s "my" cohort; print(1) #é.csv'
TRIAL = TargetTrial(
    eligibility=Filter.from_dict({"column": "age_years", "between": [None, 75]}),
    confounders=("variable:age_years", "variable:sex", "alteration:TP53"),
    strategies=(Strategy("within", 12.0), Strategy("never")),
    horizon_months=60.0,
)
SETTINGS = EmulationSettings(60.0, draws=6)
DELAYS = MicrosimulationSettings(
    horizon=60.0, delays=(0.0, 12.0), virtual=400, virtual_per_draw=100, draws=4
)
MARKS = (6.0, 12.0, 24.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secret-folder")
    rng = np.random.default_rng(8)
    n = 320
    time = rng.exponential(45, n).round(2) + 0.1
    at = rng.exponential(28, n).round(2)
    frame = pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(n)],
            "age_years": rng.integers(20, 90, n),
            "sex": rng.choice(["F", "M"], n),
            "os_months": time,
            "os_event": (rng.random(n) < 0.7).astype(int),
            "transplant_months": np.where(at < time * 1.1, at, np.nan),
            "TP53": rng.choice(["0", "1"], n, p=[0.8, 0.2]),
        }
    )
    frame.to_csv(folder / FILE, index=False)
    return folder


@pytest.fixture(scope="module")
def cohort(folder: Path) -> Cohort:
    return load_cohort(folder / FILE)


@pytest.fixture(scope="module")
def made(cohort):
    protocol = write_protocol(cohort, TRIAL)
    found = four_answers(cohort, TRIAL, protocol, landmarks=MARKS, drawn=12.0)
    emulation = emulate(protocol.compared, TRIAL.strategies, SETTINGS)
    simulation = microsimulate(transition_models(protocol.data), DELAYS)
    return protocol, found, emulation, simulation


def rows_after(printed: str, heading: str, number: int) -> list[list[str]]:
    lines = printed.splitlines()
    start = next(
        i for i, line in enumerate(lines) if line.split()[: len(heading.split())] == heading.split()
    )
    return [line.split() for line in lines[start + 1 : start + 1 + number]]


def test_the_script_gives_the_same_numbers(cohort, folder, made):
    protocol, found, emulation, simulation = made
    script = transplant_script(cohort, TRIAL, SETTINGS, landmarks=MARKS, simulation=DELAYS)
    ast.parse(script)
    assert "secret-folder" not in script
    assert "P1" not in script
    printed = run(script, folder)
    assert "Note:" not in printed
    assert f"{protocol.data.n} analysed" in printed
    row = emulation.contrasts.iloc[0]
    words = rows_after(printed, "group strategy rmst_difference", 1)[0]
    expected = [row[f"rmst_difference{end}"] for end in ("", "_lower", "_upper")]
    assert [float(word) for word in words[-3:]] == pytest.approx(expected, rel=1e-9)
    answers = side_by_side(found, emulation)
    naive = rows_after(printed, "key n transplanted", 1)[0]
    assert float(naive[4]) == pytest.approx(answers["hr"].iloc[0], rel=1e-9)
    cells = rows_after(printed, "group delay life", 3)
    assert [float(words[-5]) for words in cells] == pytest.approx(
        simulation.cells["life"], rel=1e-9
    )


def test_methods_say_what_was_done_and_nothing_else(cohort, made):
    protocol, _, emulation, simulation = made
    selection = TRIAL.eligibility.apply(cohort)
    text = transplant_methods(
        TRIAL, protocol, selection, emulation=emulation, simulation=simulation
    )
    assert f"{protocol.data.n} patients" in text
    for words in (
        "transplant within 12 months and no transplant",
        "cloning, artificial censoring",
        "6 bootstrap draws",
        "Microsimulation of 400 virtual patients",
        "60 months from time zero",
        NOT_CAUSAL,
        *support_reading(emulation),
    ):
        assert words in text
    short = transplant_methods(TRIAL, protocol, selection)
    assert "bootstrap" not in short
    assert "Microsimulation" not in short


def test_sheets_hold_tables_and_no_patient(cohort, made):
    protocol, found, emulation, _ = made
    sheets = protocol_sheets(protocol)
    assert set(sheets) == {"Protocol", "Steps", "Arms", "Notes"}
    answers = side_by_side(found, emulation)
    sheets |= answers_sheets(answers, emulation, found.landmarks)
    assert {"Answers", "Contrasts", "Landmarks", "Notes"} <= set(sheets)
    assert not any(
        set(cohort.patients.index) & set(map(str, t.to_numpy().ravel())) for t in sheets.values()
    )
    assert to_xlsx(sheets, cohort.provenance, "everyone")[:2] == b"PK"


def test_the_protocol_is_a_document_to_sign_with_a_target_sheet(cohort, made):
    protocol, _, emulation, _ = made
    told = Told("A <source> & more", headline(emulation), [HYPOTHESES], "What was done.")
    sheet = target_sheet(TRIAL, protocol, emulation, told)
    assert list(dict.fromkeys(sheet["section"])) == [
        "Abstract", "Introduction", "Methods", "Results", "Discussion", "Other information"
    ]  # fmt: skip
    reported = sheet.set_index("item")["reported"]
    assert headline(emulation)[0] in reported["Effect estimates"]
    assert reported["Background, and why a trial is emulated"] == AUTHORS
    for step in protocol.steps["step"]:
        assert step in reported["Selection of participants"]
    made_of = protocol_document(TRIAL, protocol, sheet, "A \x00cohort", synthetic=True)
    document = Document(io.BytesIO(made_of))
    words = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "SYNTHETIC DATA" in words
    assert "Statistician: ____" in words
    frozen = next(line for line in words.splitlines() if line.startswith("{"))
    assert TargetTrial.from_dict(json.loads(frozen)) == TRIAL, "a second cohort can replicate it"
    cells = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
    assert "A <source> & more" in cells
    assert not set(cohort.patients.index) & cells


def no_browser(*_: object, **__: object) -> bytes:
    raise ExportError("No Chrome or Chromium was found.")


@pytest.mark.parametrize(
    "asked",
    [
        {"view": "flow"}, {"view": "states"}, {"view": "delays"}, {"view": "parts", "by": "Age"},
        {"view": "compared"}, {"view": "trust"}, {"view": "positivity"},
        {"view": "choices", "group": "Higher risk"},
        {"view": "profile", "profile": {"age": 62.0}}, {"view": "truth"},
    ],
    ids=lambda asked: asked["view"],
)  # fmt: skip
def test_every_view_of_the_trial_can_be_told(
    asked: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    """As a step of a story, as a slide (without its pictures), and by a script."""
    monkeypatch.setattr("app.study.slides._figures.figure_bytes", no_browser)
    cohort = load_cohort("demo:mds")
    suggestion = suggest(cohort, Filter())
    assert suggestion is not None
    settings = {"trial": suggestion.trial.to_json(), **asked}
    question = Question("demo:mds", cohort.fingerprint, "transplant.views", settings=settings)
    told = answer_to(question, cohort)
    accounting = told.accounting
    assert accounting.analysed == accounting.selected - sum(accounting.left_out.values())
    for draw in told.figures.values():
        assert staged(draw())["data"]
    slides = Presentation(io.BytesIO(to_pptx(told, selection=Filter().apply(cohort)))).slides
    assert len(slides) >= len(told.figures)
    assert "trial_view" in question_script(question, cohort, told.title)


def test_immortal_time_is_a_slide_that_says_it_is_simulated() -> None:
    answer = immortal_answer(immortal_time(9.0))
    (slide,) = Presentation(io.BytesIO(to_pptx(answer))).slides
    words = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
    assert "1,000 of 1,000 selected patients are simulated." in "\n".join(words)
    assert any("SYNTHETIC" in said for said in words)
    assert any(shape.has_chart for shape in slide.shapes), "a chart that can be changed"
    assert "died or were lost while waiting" in slide.notes_slide.notes_text_frame.text
