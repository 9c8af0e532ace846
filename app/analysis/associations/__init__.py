"""Frequencies, pairs, tests between groups and table one."""

from app.analysis.associations._compare_groups import compare_groups, in_words
from app.analysis.associations._frequencies import (
    Integers,
    States,
    alteration_frequencies,
    co_occurrence,
    frequencies_from_counts,
    pair_table,
    pairs_from_counts,
    wilson_interval,
)
from app.analysis.associations._group_tests import category_test
from app.analysis.associations._table_of_tally import table_one_of_tally
from app.analysis.associations._table_one import (
    IN_OTHER_WORDS,
    MADE_ALIKE,
    MOST_LEVELS,
    PART_OF,
    REST,
    GroupSummary,
    TableOne,
    VariableRow,
    describable,
    table_one,
)
