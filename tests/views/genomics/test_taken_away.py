"""Scripts and methods of the genomics page: run, they give the page's numbers."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

from app.cohort.filters import Filter, Selection
from app.cohort.groupings import Arrangement, Grouping, GroupingSpec
from app.views.genomics import script as scripts
from app.views.genomics import words_methods as methods
from app.views.genomics.burden.analysis import mutation_burden
from app.views.genomics.frequencies.analysis import SIMULATED, group_frequencies
from app.views.genomics.oncoprint.analysis import oncoprint
from app.views.genomics.pairs.analysis import pair_screen
from app.views.genomics.variants.analysis import acquisition_order, gene_variants, vaf_summary
from app.views.genomics.variants.proteins import PROTEINS
from data_loaders import Cohort, load_cohort

OLD = Filter.from_dict({"column": "age_years", "between": [60, None]})


@dataclass(frozen=True)
class Grouped:
    spec: GroupingSpec | None = None
    arrangement: Arrangement = field(default_factory=Arrangement)


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return load_cohort("demo:mpn")


@pytest.fixture(scope="module")
def selection(cohort: Cohort) -> Selection:
    return OLD.apply(cohort)


@pytest.fixture(scope="module")
def grouped() -> Grouped:
    return Grouped(GroupingSpec.parse("variable:diagnosis"))


@pytest.fixture(scope="module")
def grouping(cohort: Cohort, grouped: Grouped) -> Grouping:
    assert grouped.spec is not None
    return grouped.spec.build(cohort)


def run(script: str) -> str:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(script, "script.py", "exec"), {"__name__": "__main__"})  # noqa: S102
    return output.getvalue()


def printed(table: pd.DataFrame) -> str:
    return table.to_string(index=False, float_format="%.12g")


def holds(script: str, selection: Selection, tables: Sequence[pd.DataFrame]) -> None:
    said = run(script)
    assert f"{selection.n} of {selection.source.n} patients selected" in said
    assert "Note:" not in said
    for table in tables:
        assert printed(table) in said


def test_frequencies(cohort: Cohort, selection: Selection, grouping: Grouping, grouped: Grouped):
    found = group_frequencies(cohort, selection.mask, ["gene", "cytogenetic"], grouping=grouping)
    script = scripts.frequency_script(found, cohort, OLD, grouped)
    holds(script, selection, [found.by_group, found.differences])
    words = methods.frequency_methods(found, selection)
    assert "Groups by diagnosis: ET (" in words
    assert f"over the {found.n_tested} alterations compared" in words
    assert ("random tables" in words) == (SIMULATED in set(found.differences["test"]))
    alone = group_frequencies(cohort, selection.mask, ["gene"])
    holds(scripts.frequency_script(alone, cohort, OLD, Grouped()), selection, [alone.overall])


def test_pairs(cohort: Cohort, selection: Selection):
    screen = pair_screen(cohort, selection.mask, ["gene"], 12, min_altered=4)
    holds(scripts.pair_script(screen, 12, cohort, OLD), selection, [screen.table])
    words = methods.pair_methods(screen, selection)
    assert f"over the {screen.n_tested} pairs" in words
    assert "fisher.test" in words


def test_oncoprint(cohort: Cohort, selection: Selection, grouping: Grouping, grouped: Grouped):
    made = oncoprint(cohort, selection.mask, ["gene"], 5, grouping=grouping)
    script = scripts.oncoprint_script((["gene"], 5, [], []), cohort, OLD, grouped)
    assert made.table().to_string(index=False) in run(script)
    assert "within diagnosis" in methods.oncoprint_methods(made, ["gene"], selection)


def test_allele_fractions(cohort: Cohort, selection: Selection):
    summary = vaf_summary(cohort, selection.mask, 10)
    pairs = acquisition_order(cohort, selection.mask, 10)
    holds(scripts.vaf_script(10, cohort, OLD), selection, [summary.table, pairs])
    words = methods.vaf_methods(summary, pairs, selection)
    assert "nothing was corrected for copy number" in words


def test_variants(cohort: Cohort, selection: Selection, grouping: Grouping, grouped: Grouped):
    found = gene_variants(cohort, selection.mask, "TP53", grouping=grouping, groups=["MF", "ET"])
    holds(scripts.lollipop_script(found, cohort, OLD, grouped), selection, [found.table])
    axis = "UniProtKB P04637, RefSeq NP_000537 (393 residues)"
    assert axis in methods.lollipop_methods(found, PROTEINS["TP53"], selection)
    assert "positions observed" in methods.lollipop_methods(found, None, selection)


def test_burden(cohort: Cohort, selection: Selection, grouping: Grouping, grouped: Grouped):
    found = mutation_burden(cohort, selection.mask, ["gene"], "#000000", grouping=grouping)
    holds(scripts.burden_script(found, cohort, OLD, grouped), selection, [found.summary])
    assert "Kruskal-Wallis" in methods.burden_methods(found, selection)


def test_every_method_names_the_synthetic_source(cohort: Cohort, selection: Selection):
    found = group_frequencies(cohort, np.ones(cohort.n, dtype=bool), ["gene"])
    assert methods.frequency_methods(found, selection).startswith("SYNTHETIC DATA")
