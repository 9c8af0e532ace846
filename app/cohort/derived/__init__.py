"""Variables, alterations and endpoints that a person derives by a formula.

The language: numbers, texts between quotation marks, names of variables and alterations (between
backticks where they are more than one word: ``del(5q)``), ``+ - * / **``, comparisons, ``in``,
``and``, ``or``, ``not``, and functions: log, log2, log10, exp, sqrt, abs, round, min, max,
earliest, latest, number, in_unit, count, cut, choose, coalesce, known, altered, date, days, weeks,
months, years and year. A formula is read into a tree and the tree is walked; nothing of it is ever
run.

``and``, ``or`` and ``not`` are three-valued: what is not tested is not known, never wild type.
Units are kept: g/L is not added to 10⁹/L. What has no value (a division by zero, a logarithm of
what is not above zero) is missing, and counted.
"""

from app.cohort.derived._cohort import (
    MOST,
    derived_among,
    derived_as,
    derived_sentences,
    derived_where_possible,
    made_of,
    readable,
    stated_derived,
    underived,
    with_derived,
)
from app.cohort.derived._definition import (
    Definition,
    Derived,
    DerivedEndpoint,
    DerivedError,
    definition_of,
)
from app.cohort.derived._functions import FUNCTIONS
from app.cohort.derived._names import Names, names_in, typed
from app.cohort.derived._preview import Preview, preview
