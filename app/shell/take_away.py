"""What a reader takes away from an analysis: figures, workbook, methods, script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.shell.layout import download, download_figure, when_open
from app.shell.session import Looking
from app.shell.story.adding import draw_keeping
from app.study.accounting import Accounting
from app.study.answer import OF_ONE_PATIENT, Answer
from app.study.files.tables import file_stem
from app.study.wording import count


@dataclass(frozen=True, eq=False)
class TakeAway:
    """What can be taken away; tables and script are made when they are clicked.

    The methods paragraph is made when the offer is opened.

    Parameters
    ----------
    figures
        By what they are called: ``Figure``, ``Residuals``; or what draws them.
    sheets
        Makes the tables of the workbook, by sheet name.
    told
        What the workbook's first sheet says beside the cohort: endpoint, groups, settings.
    answer
        The answer that is taken away, where there is one: slides say its words.
    """

    key: str
    name: tuple[str, ...]
    figures: Mapping[str, go.Figure | Callable[[], go.Figure]]
    sheets: Callable[[], Mapping[str, pd.DataFrame]]
    methods: Callable[[], str]
    script: Callable[[], str]
    told: Mapping[str, str] = field(default_factory=dict)
    answer: Answer | None = None


def draw_take_away(looking: Looking, take: TakeAway) -> None:
    """Downloads made when they are clicked, and the methods paragraph to copy."""
    offer = partial(_offer, looking, take)
    when_open("Take it away: figure, numbers, methods, script", f"{take.key}_take", offer)


def _offer(looking: Looking, take: TakeAway) -> None:
    stem = file_stem(looking.cohort.name, *take.name, synthetic=looking.synthetic)
    methods = take.methods()
    with st.container(horizontal=True):
        key = f"{take.key}_take"
        for title, figure in take.figures.items():
            part = "" if title == "Figure" else f"_{title.lower().replace(' ', '_')}"
            download_figure(figure, key=f"{key}{part}", stem=f"{stem}{part}", title=title)
        workbook = partial(_workbook, looking, take, methods)
        download("Numbers (XLSX)", workbook, f"{stem}.xlsx", f"{key}_xlsx")
        text = partial(str, methods)
        download("Methods (TXT)", text, f"{stem}_methods.txt", f"{key}_txt")
        if take.key not in OF_ONE_PATIENT:
            slides = partial(_slides, looking, take, methods)
            download("Slide (PPTX)", slides, f"{stem}.pptx", f"{key}_pptx", help=_SLIDES_HELP)
            report = partial(_report, looking, take, methods)
            download("Report (DOCX)", report, f"{stem}.docx", f"{key}_docx", help=_REPORT_HELP)
            if take.answer is not None and take.answer.question is not None:
                bundle = partial(_bundle, looking, take.answer)
                file = f"{stem}_bundle.zip"
                download("Bundle (ZIP)", bundle, file, f"{key}_zip", help=_BUNDLE_HELP)
        download("Script (PY)", take.script, f"{stem}.py", f"{key}_py", help=_SCRIPT_HELP)
    st.markdown(methods)


def offer_slides(answer: Answer, stem: str, why: str, of: str = "what is shown here") -> None:
    """Slides and a report of what no step of a story could ask again, and a picture for a story.

    Parameters
    ----------
    stem
        Start of the files' names.
    why
        Why it cannot be asked again, to stand after a colon.
    of
        Of what the picture is, with fingerprints where there are any.
    """
    with st.container(horizontal=True, gap="small", key=f"{answer.key}_slides"):
        draw_slides(answer, stem)
        draw_keeping(answer, of, why)
    st.caption(f"A story keeps it as a picture that says of which day it is: {why}.")


def draw_slides(answer: Answer, stem: str) -> None:
    """Slides and a report, in the words of an answer alone; ``stem`` starts the files' names."""
    slides, report = partial(_plain_slides, answer), partial(_plain_report, answer)
    download("Slide (PPTX)", slides, f"{stem}.pptx", f"{answer.key}_pptx", type="tertiary",
             help=_SLIDES_HELP)  # fmt: skip
    download("Report (DOCX)", report, f"{stem}.docx", f"{answer.key}_docx", type="tertiary",
             help=_REPORT_HELP)  # fmt: skip


def _plain_slides(answer: Answer) -> bytes:
    from app.study.slides import to_pptx  # libraries that only a click needs

    return to_pptx(answer)


def _plain_report(answer: Answer) -> bytes:
    from app.study.slides import to_docx

    return to_docx(answer)


_SCRIPT_HELP = (
    "A Python script that reproduces the result with this project's own functions, run next to the "
    "file."
)
_SLIDES_HELP = (
    "PowerPoint, with charts whose data can be opened and changed; notes say the methods."
)
_REPORT_HELP = "One page of A4: the figure, what it says, and its methods"
_BUNDLE_HELP = (
    "For a reviewer: figures, tables, methods, script, the source it runs with and the versions of "
    "all packages, without the data. The Story page makes one of several, with the data if wanted."
)


def _bundle(looking: Looking, answer: Answer) -> bytes:
    from app.study.bundle import to_zip  # libraries that only a click needs

    cohorts = {looking.key: looking.cohort}
    return to_zip(answer, cohorts=cohorts, answer=lambda *_: answer)


def _slides(looking: Looking, take: TakeAway, methods: str) -> bytes:
    from app.study.slides import to_pptx  # libraries that only a click needs

    return to_pptx(_answer(looking, take), selection=looking.selection, methods=methods)


def _report(looking: Looking, take: TakeAway, methods: str) -> bytes:
    from app.study.slides import to_docx

    return to_docx(_answer(looking, take), selection=looking.selection, methods=methods)


def _answer(looking: Looking, take: TakeAway) -> Answer:
    """The answer that is taken away; of what is none, one that has its figures and tables."""
    if take.answer is not None:
        return take.answer
    everyone = looking.selection.n
    figures = {
        title: draw if callable(draw) else partial(go.Figure, draw)
        for title, draw in take.figures.items()
    }
    return Answer(
        take.key, take.name, ", ".join(take.name), figures, pd.DataFrame, "",
        Accounting(everyone, everyone, verb="are selected"), take.sheets, (),
    )  # fmt: skip


def _workbook(looking: Looking, take: TakeAway, methods: str) -> bytes:
    from app.study.files.workbook import to_xlsx  # a library that only a click needs

    selection = looking.selection
    told = {
        "Fingerprint": looking.cohort.fingerprint,
        "Selected": f"{selection.n:,} of {count(selection.source.n, 'patient')}",
        **{item: text for item, text in take.told.items() if text},
        "Methods": methods,
    }
    return to_xlsx(take.sheets(), looking.cohort.provenance, selection.sentence, told)
