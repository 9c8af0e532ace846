"""The protocol as a document to sign, and the reporting sheet of an emulated trial (TARGET).

The sheet follows the six sections of TARGET (Cashin 2025, JAMA, doi 10.1001/jama.2025.13350; BMJ,
doi 10.1136/bmj-2025-087179): what these data and this analysis answer stands in it, what only the
authors can write is said to be theirs. The numbering of its 21 items is in the paper.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from app.analysis.transplant import Emulation
from app.study.files.tables import xml_text
from app.study.wording import count, listing
from app.views.transplant.protocol.analysis import Protocol
from app.views.transplant.protocol.trial import TargetTrial
from app.views.transplant.words import left_out_in_words
from app.views.transplant.words_trust import support_reading

AUTHORS = "To be written by the authors."
_REPLICATE = (
    "The lines below are the whole protocol. Given to TargetTrial.from_dict of this project on "
    "another cohort, they emulate the same trial there."
)


@dataclass(frozen=True)
class Told:
    """What the page says of the trial: its answer, its cautions, its methods and its data.

    Attributes
    ----------
    source
        Where the data come from.
    headline, cautions
        Sentences of the answer; what stands beside it.
    """

    source: str
    headline: Sequence[str]
    cautions: Sequence[str]
    methods: str


def target_sheet(
    trial: TargetTrial, protocol: Protocol, found: Emulation | None, told: Told
) -> pd.DataFrame:
    """The reporting sheet: section, item, and what is reported here.

    Parameters
    ----------
    found
        The emulated trial; None where there is nothing to emulate.
    """
    table = protocol.table.set_index("element")
    data = protocol.compared

    def both(element: str) -> str:
        row = table.loc[element]
        return f"Target trial: {row['protocol']}. In these data: {row['data']}."

    flow = "; ".join(
        f"{row.step}: {row.n:,} ({row.transplanted:,} transplanted, {row.events:,} events)"
        for row in protocol.steps.itertuples()
    )
    follow = [] if found is None else support_reading(found)
    effects = listing(list(told.headline)) if found is None else " ".join(told.headline)
    rows = [
        ("Abstract", "The study emulates a target trial; data, methods and estimate", AUTHORS),
        ("Introduction", "Background, and why a trial is emulated", AUTHORS),
        (
            "Introduction",
            "Causal question",
            f"{trial.primary.label} against {trial.strategies[-1].label.lower()}: survival and "
            f"mean life, up to {trial.horizon_months:g} months at most.",
        ),
        ("Methods", "Data source", told.source),
        ("Methods", "Eligibility criteria", both("Eligibility")),
        ("Methods", "Treatment strategies", both("Treatment strategies")),
        ("Methods", "Assignment procedures", both("Assignment")),
        ("Methods", "Time zero and follow-up", f"{both('Time zero')} {both('Follow-up')}"),
        ("Methods", "Outcomes", both("Outcome")),
        ("Methods", "Causal contrasts", f"{both('Causal contrast')} {_split(protocol)}"),
        (
            "Methods",
            "Identifying assumptions and confounders",
            "No unmeasured confounding of transplant timing and of losses given the confounders, "
            "a chance of every strategy for every kind of patient compared, and the models of the "
            f"weights. {table.loc['Assignment', 'data']}",
        ),
        ("Methods", "Analysis plan", told.methods),
        ("Results", "Selection of participants", flow),
        ("Results", "Who is not compared", left_out_in_words(protocol.kinds) or "Nobody."),
        ("Results", "Baseline data by strategy", "The sheet Balance of the workbook."),
        ("Results", "Follow-up and adherence", " ".join(follow) or "No strategy is estimated."),
        (
            "Results",
            "Missing data",
            "; ".join(f"{n:,} {reason}" for reason, n in data.left_out.items()) or "None.",
        ),
        ("Results", "Effect estimates", effects),
        (
            "Results",
            "Additional analyses",
            "Other estimators, choices, balance within classes and E-values: the view Four "
            "answers and its workbook.",
        ),
        ("Discussion", "Interpretation and limitations", " ".join([*told.cautions, AUTHORS])),
        ("Other information", "Ethics, registration, funding, interests", AUTHORS),
        ("Other information", "Code and data", "The script that this page gives to take away."),
    ]
    return pd.DataFrame(rows, columns=["section", "item", "reported"])


def protocol_document(
    trial: TargetTrial, protocol: Protocol, sheet: pd.DataFrame, title: str, *, synthetic: bool
) -> bytes:
    """The protocol as a Word document: the trial, what is not recorded, the sheet, a signature.

    Parameters
    ----------
    sheet
        From :func:`target_sheet`.
    """
    # A library that only a click needs.
    from docx import Document

    file = Document()
    file.add_heading(xml_text(f"Protocol of an emulated trial: {title}"), level=1)
    if synthetic:
        file.add_paragraph("SYNTHETIC DATA")
    file.add_paragraph(f"{count(protocol.data.n, 'patient')} eligible. {_split(protocol)}")
    elements = protocol.table.rename(
        columns={"element": "Element", "protocol": "Target trial", "data": "In these data"}
    )
    _add(file, elements)
    file.add_heading("Reporting after TARGET", level=2)
    _add(file, sheet.rename(columns=str.capitalize))
    file.add_heading("To replicate", level=2)
    file.add_paragraph(_REPLICATE)
    file.add_paragraph(xml_text(frozen(trial, protocol).to_json()))
    file.add_heading("Signatures", level=2)
    for who in ("Statistician", "Principal investigator"):
        file.add_paragraph(f"{who}: ______________________   Date: ____________")
    made = io.BytesIO()
    file.save(made)
    return made.getvalue()


def frozen(trial: TargetTrial, protocol: Protocol) -> TargetTrial:
    """The trial with its split of the risk named: elsewhere other classes may be the upper half."""
    return replace(trial, higher_from=protocol.higher[0]) if protocol.higher else trial


def _split(protocol: Protocol) -> str:
    if not protocol.higher:
        return "No classes are compared."
    return f"Higher risk, compared with the other classes: {listing(list(protocol.higher))}."


def _add(file: object, table: pd.DataFrame) -> None:
    """A table of text, its head in bold."""
    made = file.add_table(rows=1, cols=len(table.columns), style="Table Grid")  # type: ignore[attr-defined]
    for cell, name in zip(made.rows[0].cells, table.columns, strict=True):
        cell.paragraphs[0].add_run(str(name)).bold = True
    for row in table.itertuples(index=False):
        for cell, value in zip(made.add_row().cells, row, strict=True):
            cell.text = xml_text(str(value).replace("**", ""))
