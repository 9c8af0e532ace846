"""Covariates that contain another: a score and what it is computed from, a gene and its refinement.

Beside the whole, the effect of a part is only what the whole leaves over; a model does not show
that by itself. What each is made of :mod:`app.cohort.made_of` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.cohort.groupings import CLASS, CUT, SCORE, GroupingError, GroupingSpec
from app.cohort.made_of import parts_of
from app.cohort.scores import score_called
from app.study.wording import listing, mid_sentence, some
from data_loaders import Cohort

# Of one thing, which is no part of itself.
_BY_ITSELF = ("variable", CUT, SCORE, CLASS)


@dataclass(frozen=True)
class _Known:
    """What there is to know of one covariate.

    Parameters
    ----------
    names
        What it is, as groupings have what they are made of.
    score
        Which score it is, empty for none.
    parts
        What it is made of, itself left out.
    """

    name: str
    names: tuple[str, ...] = ()
    gene: str = ""
    whole_gene: bool = False
    score: str = ""
    parts: frozenset[str] = frozenset()

    def is_in(self, whole: _Known) -> bool:
        """Whether another is made of it; of two scores neither is said to be."""
        return not (self.score and whole.score) and any(name in whole.parts for name in self.names)


def contained_in(
    cohort: Cohort, named: Sequence[tuple[str, str]], wholes: int | None = None
) -> tuple[str, ...]:
    """What is said of covariates of which one contains another, a sentence each.

    Parameters
    ----------
    named
        Covariates of one model: as they are asked for (``variable:ipssm``, ``alteration:TP53``) and
        their name for people.
    wholes
        How many of them, from the first, are looked at as containing others; None for all.
    """
    known = [_known(cohort, spec, name) for spec, name in named]
    sentences = []
    for whole in known[:wholes]:
        parts = [mid_sentence(p.name) for p in known if p is not whole and p.is_in(whole)]
        if parts:
            latter = "it" if len(parts) == 1 else "them"
            sentences.append(
                f"{whole.name} contains {some(parts)}: the effect shown for {latter} is only what "
                f"the {'score' if whole.score else 'whole'} leaves over."
            )
        if whole.whole_gene:
            parts = [p.name for p in known if p.gene == whole.gene and not p.whole_gene]
            if parts:
                sentences.append(
                    f"{whole.name} contains {listing(parts)}: the effect shown for it is of its "
                    "other alterations."
                )
    scores = [one for one in known[:wholes] if one.score]
    sentences += [
        f"{one.name} and {mid_sentence(other.name)} are the same score: beside each other neither "
        "effect can be read."
        for place, one in enumerate(scores)
        for other in scores[place + 1 :]
        if one.score == other.score
    ]
    return tuple(sentences)


def _known(cohort: Cohort, spec: str, name: str) -> _Known:
    try:
        parsed = GroupingSpec.parse(spec)
    except GroupingError:
        return _Known(name)
    if parsed.kind == "alteration" and parsed.name in cohort.features.index:
        feature = cohort.features.loc[parsed.name]
        gene = feature["gene"] if isinstance(feature["gene"], str) else ""
        whole = feature["kind"] == "gene"
        return _Known(str(feature["label"]), parsed.made_of, gene, whole)
    itself = parsed.made_of if parsed.kind in _BY_ITSELF else ()
    variable = cohort.variables.get(itself[0].partition(":")[2]) if itself else None
    score = "" if variable is None else score_called((variable.name, variable.label))
    return _Known(
        name, parsed.made_of, score=parsed.name if parsed.kind == SCORE else score,
        parts=parts_of(cohort, parsed.made_of) - set(itself),
    )  # fmt: skip
