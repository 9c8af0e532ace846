"""Table one of a cohort: which variables and alterations stand in it, by which groups."""

from __future__ import annotations

from app.analysis.associations import TableOne, describable, table_one
from app.cohort.groupings import Grouping, by_labels
from app.views.cohort.overview.analysis import ranked_variables, selected_alterations
from data_loaders import Cohort
from data_loaders.arrays import Bools

MOST_ALTERATIONS = 12


def described(
    cohort: Cohort,
    mask: Bools,
    *,
    by_mean: bool = False,
    alterations: bool = True,
    grouping: Grouping | None = None,
) -> TableOne:
    """Table one of the selected patients, the most telling variables first.

    Parameters
    ----------
    by_mean
        Whether numbers are compared by their means rather than by rank.
    alterations
        Whether the most frequent alterations, and derived ones, stand in it.
    grouping
        None for everyone in one column.

    Raises
    ------
    ValueError
        If none of the selected patients is in a group.
    """
    if grouping is None:
        grouping = by_labels("Everyone", ["Everyone"] * cohort.n, ["Everyone"])
    known = describable(cohort)
    order = [item.variable.name for item in ranked_variables(cohort)]
    order += [name for name in known if name not in order]
    variables = [n for n in order if n in known and grouping.column != n]
    features: list[str] = []
    if alterations and cohort.alterations.shape[1]:
        leading = selected_alterations(cohort, mask, MOST_ALTERATIONS)
        # What somebody combined on purpose stands in it, however rare.
        features = [str(name) for name in leading["feature"]]
        features += cohort.features_of_kind(["combination"])
    table = table_one(
        cohort, grouping, mask, variables=variables, features=features,
        number_test="mean" if by_mean else "rank",
    )  # fmt: skip
    if not table.n:
        raise ValueError("Nobody selected is in one of these groups; choose another grouping.")
    return table
