"""A part of a gene that was not found does not make the gene wild type."""

from __future__ import annotations

import numpy as np

from app.cohort.gene_states import gene_states
from data_loaders import load_table_bytes

TABLE = b"""patient_id,diagnosis,FLT3_ITD,FLT3_TKD,CALR_type1,TP53,TP53_multi_hit
1,AML,1,0,0,1,1
2,AML,0,1,1,1,0
3,AML,0,0,0,0,0
4,AML,0,,,,
5,AML,,1,1,0,0
"""


def test_one_part_says_nothing_of_who_is_without_it():
    states = gene_states(load_table_bytes("parts.csv", TABLE))
    assert list(states["FLT3"]) == [1, 1, 0, -1, 1], "two parts are the gene"
    assert list(states["CALR"]) == [-1, 1, -1, -1, 1], "one part is not"
    assert list(states["TP53"]) == [1, 1, 0, -1, 0], "a column of the gene itself decides"
    assert all(state.dtype == np.int8 for state in states.values())
