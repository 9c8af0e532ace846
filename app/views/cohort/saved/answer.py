"""How saved filters overlap, as an answer."""

from __future__ import annotations

import json

from app.cohort.filters import Filter
from app.cohort.groupings import POLICY, Overlap, overlap
from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import titled
from app.study.wording import count
from app.views.cohort.saved.figures import overlap_figure
from data_loaders import Cohort
from data_loaders.arrays import Bools


def overlap_of(cohort: Cohort, mask: Bools, *, filters: str) -> Overlap:
    """How filters overlap among the selected patients.

    Parameters
    ----------
    filters
        As JSON: each by its name, see :meth:`app.cohort.filters.Filter.to_dict`.
    """
    held = {name: Filter.from_dict(one) for name, one in json.loads(filters).items()}
    return overlap(cohort if mask.all() else cohort.subset(mask), held)


def overlap_answer(cohort: Cohort, result: Overlap) -> Answer:
    """The answer of filters laid over each other."""
    n = int(result.patterns["n"].sum()) + result.outside
    title = f"Overlap of {len(result.names)} filters, {count(n, 'patient')}"
    listed = ", ".join(f"{n} {size:,}" for n, size in zip(result.names, result.sizes, strict=True))
    return Answer(
        key="overlap",
        name=("overlap",),
        title=title,
        figures={"Figure": titled(cohort, title, overlap_figure, result)},
        numbers=lambda: result.patterns,
        alt=f"UpSet figure. {title}. Sizes: {listed}; {result.outside:,} in none.",
        accounting=Accounting(n, n, verb="are counted"),
        tables=lambda: {"Overlap": result.patterns},
        methods=[POLICY],
        sentences=[f"{listed}; in none {result.outside:,}, not known {result.unknown:,}."],
    )


OVERLAP = Analysis(overlap_of, overlap_answer)
