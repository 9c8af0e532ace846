"""What a classification is made of in a cohort: the columns and alterations that its facts read."""

from __future__ import annotations

import re

from app.cohort.classification._disease import DIAGNOSES, diseases
from app.cohort.classification._evaluate import fact_names
from app.cohort.classification._events import FUSIONS, events_named
from app.cohort.classification._facts import (
    FUSION_FACTS,
    MR_EVENTS_ICC,
    MR_EVENTS_WHO,
    MR_GENES,
)
from app.cohort.classification._genomic import CHROMATIN_MPN, SECONDARY
from app.cohort.classification._lists import LISTS
from app.cohort.scores import alterations_of
from data_loaders import Cohort
from data_loaders.meaning.vocabulary import term_of

_ANYTHING = "anything"
_BLASTS = ("bm_blasts", "pb_blasts")
_COMPLEX = ("complex", "complex karyotype", "complex_karyotype", "normal_karyotype",
            "n_abnormalities")  # fmt: skip
_SEVENTEEN = ("-17", "del(17p)", "i(17q)")
_SEVEN = ("-7", "del(7q)")
# Of each fact the genes, events and terms of the vocabulary that it is read from.
_FACTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("blasts_20", "blasts_10", "ib2", "ib1"), _BLASTS),
    "monocytes": ("monocytes", "wcc"), "mono_1": ("monocytes",), "wbc_13": ("wcc",),
    "clonal": (_ANYTHING,), "any_driver": (_ANYTHING,),
    "npm1": ("NPM1",), "runx1": ("RUNX1",), "sf3b1_10": ("SF3B1",),
    "sf3b1_who": ("SF3B1", "ring_sideroblasts"),
    "mr_genes": MR_GENES, "mr_genes_icc": (*MR_GENES, "RUNX1"),
    **dict.fromkeys(("cebpa_who", "cebpa_icc", "cebpa_bi"), ("CEBPA",)),
    "del_5q": ("del(5q)",), "isolated_5q": ("del(5q)", *_SEVEN, *_COMPLEX), "minus_7": ("-7",),
    "chr_7": _SEVEN, "complex": _COMPLEX,
    "mr_events": (*MR_EVENTS_WHO, *_COMPLEX), "mr_events_icc": (*MR_EVENTS_ICC, *_COMPLEX),
    "tp53_10": ("TP53",), "tp53_bi": ("TP53", *_SEVENTEEN),
    "tp53_multi": ("TP53", *_SEVENTEEN, *_COMPLEX), "tp53_complex": ("TP53", *_COMPLEX),
    "tp53_17p_5q": ("TP53", *_SEVENTEEN, "-5", "del(5q)"),
    "chromatin": (*CHROMATIN_MPN, *_SEVEN), "calr": ("CALR",), "mpl": ("MPL",),
    "jak2_double": ("JAK2", "NFE2", "+9"), "jak2_any": ("JAK2",), "jak2": ("JAK2",),
    "secondary_2": SECONDARY, "secondary_1": SECONDARY, "driver": ("JAK2", "CALR", "MPL"),
    "red_cells": ("hb", "haematocrit", "sex"), "platelets_450": ("platelets",),
    "fibrosis_2": ("fibrosis",),
}  # fmt: skip
# What columns are called that are read by a word of theirs.
_WORDS = {
    "chromatin": r"^4q\W?(upd|loh)", "jak2_double": r"^9p\W?(upd|loh|cnloh)",
    "tp53_17p_5q": r"^17p\W?(upd|loh|cnloh)", "ib2": r"auer",
}  # fmt: skip


def parts_of_class(cohort: Cohort, system: str) -> set[str]:
    """Columns and alterations that a classification reads in a cohort's diseases, by name.

    Names are those of groupings: ``variable:hb``, ``alteration:TP53``. The diagnosis is one of
    them: it says whose list is asked, and is part of some rules.
    """
    there = set(diseases(cohort)[0])
    facts = {
        name
        for which, rules in LISTS[system].items()
        if which in there
        for name in fact_names(rules)
    }
    read = {word for name in facts for word in _FACTS.get(name, ())}
    read |= {*DIAGNOSES, "karyotype"}
    genes = {word.partition("_")[0] for word in read if word[0].isupper()}
    fusions = [FUSIONS[FUSION_FACTS[name]] for name in facts if name in FUSION_FACTS]
    events = read.union(*((*fusion.whole, *fusion.part) for fusion in fusions))
    words = [fusion.named for fusion in fusions]
    words += [_WORDS[name] for name in facts if name in _WORDS]
    words += [rf"^{gene}[\W_]*(max)?[\W_]*vaf" for gene in genes]
    called = re.compile("|".join(words) or r"(?!)", re.IGNORECASE)
    table = cohort.features
    found = alterations_of(cohort, set(table.index) if _ANYTHING in read else genes)
    for name, label in table.loc[table["kind"] == "cytogenetic", "label"].items():
        texts = (str(name), str(label))
        told = {event for text in texts for event in (*events_named(text), text.lower())}
        if told & events or any(map(called.search, texts)):
            found.add(f"alteration:{name}")
    for name, variable in cohort.variables.items():
        known = term_of(variable.source_column or name) or term_of(name)
        if name in read or (known is not None and known.key in read) or called.search(name):
            found.add(f"variable:{name}")
    return found
