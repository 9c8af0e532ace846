"""The facts that decision lists name, made by kind where a list asks for them."""

from __future__ import annotations

from collections.abc import Callable, Collection

from app.cohort.classification import _facts as facts
from app.cohort.classification import _genomic as genomic
from app.cohort.classification._facts import Fact, Reader
from data_loaders import Cohort

_MADE: tuple[tuple[tuple[str, ...], Callable[[Reader], dict[str, Fact]]], ...] = (
    (("blasts_20", "blasts_10", "ib2", "ib1"), facts.blasts),
    (("monocytes", "mono_1", "clonal", "wbc_13"), facts.counts),
    (("npm1", "runx1", "sf3b1_10", "sf3b1_who"), facts.single_genes),
    (("mr_genes", "mr_genes_icc"), facts.related_genes),
    (("cebpa_who", "cebpa_icc"), facts.cebpa),
    (("del_5q", "isolated_5q", "minus_7", "chr_7", "complex"), facts.chromosomes),
    (("mr_events", "mr_events_icc"), facts.related_karyotypes),
    (tuple(facts.FUSION_FACTS), facts.rearrangements),
    (("tp53_10", "tp53_bi", "tp53_multi"), facts.tp53),
    (
        ("tp53_17p_5q", "chromatin", "calr", "mpl", "jak2_double", "jak2_any", "any_driver"),
        genomic.drivers_of_mpn,
    ),
    (("tp53_complex", "secondary_2", "secondary_1", "cebpa_bi"), genomic.groups_of_aml),
    (("jak2", "driver", "red_cells", "platelets_450"), facts.myeloproliferative),
)


def facts_of(cohort: Cohort, names: Collection[str], *, unrecorded_absent: bool) -> dict[str, Fact]:
    """The facts of these names; those of a kind are made together."""
    reader = Reader(cohort, unrecorded_absent=unrecorded_absent)
    found: dict[str, Fact] = {}
    for keys, make in _MADE:
        if not set(keys).isdisjoint(names):
            found |= make(reader)
    return found
