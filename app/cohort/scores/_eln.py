"""ELN risk of AML as decision lists over what is known, what is not, and what may be.

A list is asked for every combination of what a patient's missing inputs may be, so that the risks
still possible are exact. Acute promyelocytic leukaemia is not scored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from app.cohort.scores._definition import Definition, bands
from app.cohort.scores._engine import Scored, sole
from app.cohort.scores._evidence import Evidence, states_of
from data_loaders.arrays import States

FAVOURABLE, INTERMEDIATE, ADVERSE = 0, 1, 2
_BANDS = bands(("Favourable", 1, ""), ("Intermediate", 2, ""), ("Adverse", 3, ""))


def eln_2017_of(
    *,
    core_binding: bool, t_9_11: bool, adverse_cytogenetics: bool, TP53: bool, NPM1: bool,
    flt3_itd: bool, itd_high: bool, cebpa_biallelic: bool, adverse_genes: bool,
) -> int:  # fmt: skip
    """ELN 2017 (Döhner 2017, Blood 129:424, table 5)."""
    if core_binding:
        return FAVOURABLE
    if t_9_11:
        return INTERMEDIATE
    if adverse_cytogenetics or TP53:
        return ADVERSE
    high = flt3_itd and itd_high
    if (NPM1 and not high) or cebpa_biallelic:
        return FAVOURABLE
    if adverse_genes or (high and not NPM1):
        return ADVERSE
    return INTERMEDIATE


def eln_2022_of(
    *,
    core_binding: bool, t_9_11: bool, adverse_cytogenetics_2022: bool, tp53_10: bool, NPM1: bool,
    flt3_itd: bool, cebpa_bzip: bool, myelodysplasia_genes: bool,
) -> int:  # fmt: skip
    """ELN 2022 (Döhner 2022, Blood 140:1345, table 6)."""
    if core_binding:
        return FAVOURABLE
    if t_9_11:
        return INTERMEDIATE
    if adverse_cytogenetics_2022 or tp53_10:
        return ADVERSE
    if (NPM1 and not flt3_itd) or cebpa_bzip:
        return FAVOURABLE
    return ADVERSE if myelodysplasia_genes else INTERMEDIATE


def eln_2024_of(*, TP53: bool, DDX41: bool, IDH1: bool, signalling: bool) -> int:
    """ELN 2024 for less-intensive treatment (Döhner 2024, Blood 144:2169)."""
    if TP53:
        return ADVERSE
    if DDX41 or IDH1:
        return FAVOURABLE
    return INTERMEDIATE if signalling else FAVOURABLE


@dataclass(frozen=True)
class DecisionList:
    """A risk by rules: what it is called, and the rule over its inputs."""

    definition: Definition
    rule: Callable[..., int]


def _list(
    key: str, label: str, source: str, rule: Callable[..., int], *inputs: str, note: str
) -> DecisionList:
    numbers = dict.fromkeys((*inputs, "apl"), 1)
    definition = Definition(
        key, label, "AML", _BANDS, source, "C", numbers=numbers, outcome="", note=note
    )
    return DecisionList(definition, rule)


_NOT_APL = "Acute promyelocytic leukaemia is not scored."
LISTS = (
    _list(
        "eln_2017", "ELN 2017", "Döhner 2017, Blood 129:424", eln_2017_of,
        "core_binding", "t_9_11", "adverse_cytogenetics", "TP53", "NPM1", "flt3_itd", "itd_high",
         "cebpa_biallelic", "adverse_genes",
        note=f"Needs the allelic ratio of FLT3-ITD where there is one. {_NOT_APL}",
    ),
    _list(
        "eln_2022", "ELN 2022", "Döhner 2022, Blood 140:1345", eln_2022_of,
        "core_binding", "t_9_11", "adverse_cytogenetics_2022", "tp53_10", "NPM1", "flt3_itd",
         "cebpa_bzip", "myelodysplasia_genes",
        note="NPM1 with FLT3-ITD and a myelodysplasia-related gene is adverse by the letter of the "
        f"table, since only favourable genetics exempt. {_NOT_APL}",
    ),
    _list(
        "eln_2024_less_intensive", "ELN 2024, less-intensive treatment",
        "Döhner 2024, Blood 144:2169", eln_2024_of, "TP53", "DDX41", "IDH1", "signalling",
        note="Not for patients after a hypomethylating agent; IDH1 is favourable with azacitidine "
        f"and ivosidenib. {_NOT_APL}",
    ),
)  # fmt: skip


def decided(held: DecisionList, evidence: Mapping[str, Evidence]) -> Scored:
    """The risk of each patient: 1 favourable, 2 intermediate, 3 adverse.

    Parameters
    ----------
    evidence
        Of the inputs of the list, each yes, no or not known.
    """
    inputs = held.definition.inputs
    asked = inputs[:-1]
    states = np.stack([states_of(evidence[name]) for name in asked]).astype(np.int64)
    apl: States = states_of(evidence["apl"])
    weights = 3 ** np.arange(len(asked))
    patterns, which = np.unique(weights @ (states + 1), return_inverse=True)
    answers = [_reached(held.rule, int(pattern), asked) for pattern in patterns]
    possible = np.array([bits for bits, _ in answers], dtype=np.uint64)[which]
    missing = np.array([bits for _, bits in answers], dtype=np.uint64)[which]
    promyelocytic = apl == 1
    possible[promyelocytic], missing[promyelocytic] = 0, 0
    category = sole(possible)
    lowest = np.select([possible & np.uint64(1 << i) > 0 for i in range(3)], [1.0, 2, 3], np.nan)
    highest = np.select([possible & np.uint64(1 << i) > 0 for i in (2, 1, 0)], [3.0, 2, 1], np.nan)
    value = np.where(category >= 0, lowest, np.nan)
    return Scored(value, lowest, highest, category, possible, missing, inputs, {})


def _reached(rule: Callable[..., int], pattern: int, names: Sequence[str]) -> tuple[int, int]:
    """The risks that a pattern (0 not known, 1 no, 2 yes for each input) may have, as bits.

    And the inputs on which it depends: those not known, unless all completions agree.
    """
    digits = [(pattern // 3**place) % 3 for place in range(len(names))]
    choices = [(False, True) if digit == 0 else (digit == 2,) for digit in digits]
    risks = sum({1 << rule(**dict(zip(names, each, strict=True))) for each in product(*choices)})
    if risks.bit_count() == 1:
        return risks, 0
    return risks, sum(1 << place for place, digit in enumerate(digits) if digit == 0)
