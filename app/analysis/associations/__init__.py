"""Frequencies, pairs, tests between groups and table one."""

from app.analysis.associations._exact import conditional_odds_ratios, fisher_p_values
from app.analysis.associations._frequencies import (
    Integers,
    States,
    alteration_frequencies,
    co_occurrence,
    pair_table,
    wilson_interval,
)
from app.analysis.associations._group_tests import category_test
from app.analysis.associations._table_one import (
    MOST_LEVELS,
    REST,
    GroupSummary,
    TableOne,
    VariableRow,
    compare_groups,
    describable,
    in_words,
    table_one,
)

__all__ = [
    "MOST_LEVELS",
    "REST",
    "GroupSummary",
    "Integers",
    "States",
    "TableOne",
    "VariableRow",
    "alteration_frequencies",
    "category_test",
    "co_occurrence",
    "compare_groups",
    "conditional_odds_ratios",
    "describable",
    "fisher_p_values",
    "in_words",
    "pair_table",
    "table_one",
    "wilson_interval",
]
