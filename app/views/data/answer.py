"""What is missing where, as an answer."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from app.cohort.colours import SLATE
from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.bars import share_bars
from app.study.figures.heatmap import missing_heatmap
from app.study.figures.theme import titled
from app.study.wording import count
from data_loaders import Cohort
from data_loaders.arrays import Bools
from data_loaders.meaning.quality import missingness

_MOST_ROWS = 40


def missing_values(
    cohort: Cohort,
    mask: Bools,  # noqa: ARG001 - the file is judged as a whole
    *,
    by: str | None = None,
) -> pd.DataFrame:
    """Share of patients without a value, see :func:`data_loaders.meaning.quality.missingness`.

    Raises
    ------
    ValueError
        If nothing is missing.
    """
    table = missingness(cohort, by)
    if table.empty or not table["Everyone"].gt(0).any():
        raise ValueError("No variable has a missing value.")
    return table


def missing_answer(cohort: Cohort, result: pd.DataFrame) -> Answer:
    """The answer of missing values: the variables that lack most, by group where there are any."""
    lacking = result[result["Everyone"] > 0].sort_values("Everyone", ascending=False)
    shown = lacking.head(_MOST_ROWS)
    title = (
        f"Missing values (% of patients), {count(len(shown), 'variable')} of {len(result):,}, "
        f"{count(cohort.n, 'patient')}"
    )
    most = ", ".join(f"{name} {share:.0%}" for name, share in shown["Everyone"].head(5).items())
    return Answer(
        key="missing",
        name=("missing",),
        title=title,
        figures={"Figure": titled(cohort, title, _figure, cohort, shown, result.attrs["n"])},
        numbers=result.reset_index,
        alt=f"{title}. Most: {most}",
        accounting=Accounting(cohort.n, cohort.n, verb="are counted"),
        tables=lambda: {"Missing": result.reset_index()},
        methods=["A value is missing where the file has none that could be read."],
        sentences=[f"Most often missing: {most}."],
    )


MISSING = Analysis(missing_values, missing_answer)


def _figure(cohort: Cohort, shown: pd.DataFrame, sizes: dict[str, int]) -> go.Figure:
    if len(shown.columns) > 1:
        return missing_heatmap(shown, sizes)
    lacking = [round(share * cohort.n) for share in shown["Everyone"]]
    names = [str(name) for name in shown.index]
    everyone, grey = [cohort.n] * len(shown), [SLATE] * len(shown)
    return share_bars(names, lacking, everyone, grey, of="patients lack it")
