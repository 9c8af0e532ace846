"""What counts say, as an answer for slides; no question has it: no step could ask for it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd
import plotly.graph_objects as go

from app.study.accounting import Accounting
from app.study.answer import Answer
from data_loaders import Provenance

OF_FILES = "the sites' counts are files, which no step could open again"


@dataclass(frozen=True)
class OfSites:
    """What several sites told, as the source that files name."""

    told: str
    synthetic: bool
    name: str = ""

    @property
    def provenance(self) -> Provenance:
        """Where the numbers come from."""
        return Provenance(source=self.told, synthetic=self.synthetic)


def counts_answer(
    key: str,
    title: str,
    figures: Mapping[str, go.Figure],
    numbers: Callable[[], pd.DataFrame],
    *,
    n: int,
    sentences: Sequence[str],
    methods: str,
    left_out: Mapping[str, int] | None = None,
    notes: Sequence[str] = (),
) -> Answer:
    """The answer of counts that a page shows.

    Parameters
    ----------
    n, left_out
        Patients counted, as the counts tell; others, by reason.
    """
    others = {reason: many for reason, many in (left_out or {}).items() if many}
    return Answer(
        key=key,
        name=(key,),
        title=title,
        figures={name: partial(go.Figure, figure) for name, figure in figures.items()},
        numbers=numbers,
        alt=" ".join([f"{title}.", *sentences]),
        accounting=Accounting(n + sum(others.values()), n, others, verb="are counted"),
        tables=lambda: {"Numbers": numbers()},
        methods=[methods],
        sentences=sentences,
        notes=notes,
    )
