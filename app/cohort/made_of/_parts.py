"""The variables and alterations that something is made of, from its definition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from app.cohort.classification import SYSTEMS, parts_of_class
from app.cohort.derived import Derived, derived_among, names_in
from app.cohort.groupings import ALTERATIONS, CLASS, SCORE, Grouping
from app.cohort.made_of._by_counts import carried_by_all
from app.cohort.overlapping import same_site
from app.cohort.scores import alterations_of, events_called, parts_of_score, score_called
from data_loaders import Cohort, Variable
from data_loaders.arrays import Bools
from data_loaders.meaning.vocabulary import term_of
from data_loaders.model import CATEGORIES
from data_loaders.once import once_per_value

PART, ALIKE = "part", "alike"
_ENOUGH = 100_000  # patients, of whom every so manyth tells as much
# Of columns of the vocabulary that are no scores: terms and genes, and a pattern of events.
_TERMS: dict[str, tuple[tuple[str, ...], str | None]] = {
    "ighv": (("ighv_identity", "ighv_mutation"), None),
    "ldh_high": (("ldh", "ldh_ratio"), None),
    **dict.fromkeys(
        ("rai", "binet"),
        (
            ("hb", "platelets", "lymphadenopathy", "spleen_size", "splenomegaly", "hepatomegaly"),
            None,
        ),
    ),
    "ann_arbor": (("extranodal_sites",), None),
    "double_hit": (
        (),
        r"(?<![a-z0-9])(myc|bcl-?2|bcl-?6)[ _-]*(r\b|rear|break|split|trans|fusion|fish)|"
        r"t\(8;14\)|t\(14;18\)|t\(3;14\)|t\(8;22\)|t\(2;8\)",
    ),
    "fish_class": ((), r"13q|11q|17p|\+12|trisomy"),
    **dict.fromkeys(
        ("cyto_ipssr", "cytogenetic_risk", "complex_karyotype", "normal_karyotype", "karyotype"),
        (("karyotype",), ""),
    ),
    "chr17": ((), r"17p|-17|i\(17"),
    "jak2_vaf": (("JAK2",), None),
    "calr_vaf": (("CALR",), None),
    "flt3_itd_ratio": (("FLT3",), None),
}


@once_per_value
def parts_of(cohort: Cohort, names: tuple[str, ...]) -> frozenset[str]:
    """All that something is made of, itself and what its parts are made of included.

    Parameters
    ----------
    names
        As :attr:`~app.cohort.groupings.Grouping.made_of` has them: ``variable:ipssm``,
        ``alteration:TP53``, ``score:ipss_m``, ``class:who_2022``, ``alterations:``.
    """
    made = [one for one in derived_among(cohort) if isinstance(one, Derived)]
    formulas = {f"{one.kind}:{one.name}": one.formula for one in made}
    found, waiting = set[str](), set(names)
    while waiting:
        found |= waiting
        parts = [names_in(cohort, formulas[name]) for name in waiting & formulas.keys()]
        parts += [_direct(cohort, name) for name in waiting]
        altered = [name.removeprefix("alteration:") for name in waiting if "alteration:" in name]
        genes = cohort.features["gene"].reindex(altered).dropna()
        parts += [
            alterations_of(cohort, {*altered, *genes}),
            _alterations(same_site(cohort, altered)),
        ]
        waiting = set[str]().union(*parts) - found
    return frozenset(found)


def _alterations(names: Iterable[str]) -> set[str]:
    return {f"alteration:{name}" for name in names}


def _direct(cohort: Cohort, name: str) -> set[str]:
    """What something is made of in the first place; of an alteration its gene is known already."""
    kind, _, what = name.partition(":")
    if kind == "alteration":
        label = str(cohort.features["label"].get(what))
        return events_called(cohort, "") if label.lower().startswith("complex") else set()
    if name == ALTERATIONS:
        return _alterations(map(str, cohort.features.index))
    if kind == "burden":
        return _alterations(cohort.features_of_kind(["gene", "refinement"]))
    if kind == "alleles":
        return alterations_of(cohort, [what])
    if kind == SCORE:
        return parts_of_score(cohort, what)
    if kind == CLASS and what in SYSTEMS:
        return parts_of_class(cohort, what)
    variable = cohort.variables.get(what) if kind == "variable" else None
    return set() if variable is None else _of_column(cohort, variable)


def _of_column(cohort: Cohort, variable: Variable) -> set[str]:
    """What a column is by its name: a score, a classification, a term that is made of others."""
    texts = (variable.name, variable.label)
    score = score_called(texts)
    if score:
        return parts_of_score(cohort, score)
    for system, label in SYSTEMS.items():
        if any(text.lower().replace("_", " ").startswith(label.lower()) for text in texts):
            return parts_of_class(cohort, system)
    known = term_of(variable.source_column or variable.name) or term_of(variable.name)
    words, events = _TERMS.get(known.key if known else "", ((), None))
    found = alterations_of(cohort, words)
    found |= set() if events is None else events_called(cohort, events)
    for name, other in cohort.variables.items() if words else ():
        means = term_of(other.source_column or name) or term_of(name)
        if means is not None and means.key in words:
            found.add(f"variable:{name}")
    return found


def _is_unknown(cohort: Cohort, names: tuple[str, ...]) -> bool:
    """Whether something is a column of the file of which nothing more is known."""
    supplied = all(name.startswith("variable:") for name in names)
    return supplied and parts_of(cohort, names) == frozenset(names)


def _definition(cohort: Cohort, grouping: Grouping) -> frozenset[str]:
    """All that groups are made of; of a file's own classes also whose carriers they are."""
    parts = parts_of(cohort, grouping.made_of)
    if not _is_unknown(cohort, grouping.made_of):
        return parts
    features = tuple(map(str, cohort.alterations.columns))
    carried = _carried(cohort, grouping.column, features)
    return parts | parts_of(cohort, tuple(sorted(carried)))


def alterations_in(
    cohort: Cohort,
    grouping: Grouping,
    features: Sequence[str],
    altered: npt.NDArray[np.int64],
    tested: npt.NDArray[np.int64],
) -> Bools:
    """Which alterations groups are made of; of a file's own groups those that counts show.

    Parameters
    ----------
    altered, tested
        Counts, groups x features.
    """
    parts = _definition(cohort, grouping)
    own = np.array([f"alteration:{name}" in parts for name in features], dtype=bool)
    return own | carried_by_all(altered, tested) if _is_unknown(cohort, grouping.made_of) else own


def why_no_finding(cohort: Cohort, grouping: Grouping, variable: str) -> str:
    """Whether a variable is a part of what groups are made of, or made alike; empty if neither.

    Of a file's own classes it counts whose carriers they are: MDS-SF3B1 is made of SF3B1.
    """
    own = f"variable:{variable}"
    parts, theirs = _definition(cohort, grouping), parts_of(cohort, (own,))
    if own in parts:
        return PART
    if _is_unknown(cohort, (own,)):
        features = tuple(sorted(name.partition(":")[2] for name in parts if "alteration:" in name))
        theirs |= _carried(cohort, variable, features)
    return "" if theirs.isdisjoint(parts) else ALIKE


@once_per_value
def _carried(cohort: Cohort, column: str, features: tuple[str, ...]) -> frozenset[str]:
    """Which of some alterations nearly all of a class carry."""
    variable = cohort.variables.get(column)
    if variable is None or variable.kind not in CATEGORIES or not features:
        return frozenset()
    codes, values = cohort.factor(column)
    number = len(values)
    step = slice(None, None, max(1, cohort.n // _ENOUGH))
    codes, states = codes[step], [cohort.feature_state(name)[step] for name in features]
    # Those without a value have the code -1.
    altered = [np.bincount(codes[own == 1] + 1, minlength=number + 1)[1:] for own in states]
    tested = [np.bincount(codes[own >= 0] + 1, minlength=number + 1)[1:] for own in states]
    shown = carried_by_all(np.transpose(altered), np.transpose(tested)) if number else ()
    return frozenset(_alterations(features[place] for place in np.flatnonzero(shown)))
