"""Covariates that contain another: a score and what it is computed from, a gene and its refinement.

Beside the whole, the effect of a part is only what the whole leaves over; a model does not show
that by itself. What a score is made of :mod:`app.cohort.made_of` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.cohort.groupings import SCORE, GroupingError, GroupingSpec
from app.cohort.made_of import parts_of
from app.cohort.scores import score_called
from app.study.wording import listing, mid_sentence, some
from data_loaders import Cohort


@dataclass(frozen=True)
class _Known:
    """What there is to know of one covariate.

    Parameters
    ----------
    names
        What it is, as groupings have what they are made of.
    score
        Which score it is, empty for none; ``parts`` are then those of it.
    """

    name: str
    names: tuple[str, ...] = ()
    gene: str = ""
    whole_gene: bool = False
    score: str = ""
    parts: frozenset[str] = frozenset()

    def is_in(self, score: _Known) -> bool:
        """Whether a score is computed from it."""
        return not self.score and not score.parts.isdisjoint(self.names)


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
        if whole.score:
            parts = [mid_sentence(part.name) for part in known if part.is_in(whole)]
            if parts:
                latter = "it" if len(parts) == 1 else "them"
                sentences.append(
                    f"{whole.name} contains {some(parts)}: the effect shown for "
                    f"{latter} is only what the score leaves over."
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
    variable = cohort.variables.get(parsed.made_of[0].partition(":")[2])
    if parsed.kind == SCORE:
        score = parsed.name
    elif parsed.kind in ("variable", "cut") and variable is not None:
        score = score_called((variable.name, variable.label))
    else:
        return _Known(name)
    parts = parts_of(cohort, parsed.made_of) if score else frozenset[str]()
    return _Known(name, parsed.made_of, score=score, parts=parts)
