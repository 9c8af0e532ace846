"""What a trial can be weighted for, what it is not, and what no file of these holds."""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np

from app.cohort.later_columns import comes_later
from app.study.adjustment import MAX_LEVELS, adjustment_options, age_column, is_usable
from data_loaders import Cohort
from data_loaders.meaning.quality import batch_columns
from data_loaders.wording import listing, mid_sentence

TRANSPLANT = re.compile(
    r"transplant|hsct|\bhct\b(?![ _.-]?ci)|allo|tpl|\bsct\b|stem cell", re.IGNORECASE
)
_FEWEST_CARRIERS = 20
_LISTED = 6
# What decides on a transplant and stands in few files: name, and what its column would be called.
_RARELY_RECORDED = {
    "performance status": re.compile(r"performance|ecog|karnofsky|\bps\b", re.IGNORECASE),
    "comorbidity": re.compile(r"comorbid|hct.?ci|charlson|begleit", re.IGNORECASE),
    "a donor": re.compile(r"donn?or|spender|sibling|\bhla\b", re.IGNORECASE),
    "the date of referral": re.compile(
        r"referr|first.?(?:visit|present)|zuweis|erstvorst", re.IGNORECASE
    ),
    "conditioning": re.compile(r"condition(?!al)|konditionier|\bmac\b|\bric\b", re.IGNORECASE),
    "the centre": re.compile(r"cent(re|er)|hospital|klinik|institution|\bsite\b", re.IGNORECASE),
    "the year of diagnosis": re.compile(
        r"year.*diag|diag.*year|date.*diag|diag.*date", re.IGNORECASE
    ),
    "disease-modifying treatment before it": re.compile(
        r"\bhma\b|azacit|decitab|chemo|induction|hypomethyl", re.IGNORECASE
    ),
}

_OF_A_TRANSPLANT = re.compile(
    "|".join(_RARELY_RECORDED[name].pattern for name in ("a donor", "conditioning")), re.IGNORECASE
)
_LEVELLED = ("categorical", "ordinal", "binary", "text")
# Share of the values of a donor or a conditioning that may stand where no transplant is dated.
_STRAY = 0.1


def confounder_options(cohort: Cohort) -> list[str]:
    """What may be weighted for: baseline variables, other treatments, then frequent alterations.

    The age leads. What tells what happened later is not among them; a treatment other than the
    transplant is, although it may have been given after time zero, which the protocol says.
    """
    age = age_column(cohort)
    of_it = transplant_versions(cohort)
    others = [v.name for v in cohort.variables.values() if v.role == "other"]
    others = [name for name in others if is_usable(cohort, cohort.variables[name])]
    names = [*adjustment_options(cohort), *others]
    names = [name for name in names if not comes_later(cohort, name) and name not in of_it]
    names = [*([age] if age in names else []), *(name for name in names if name != age)]
    counts = zip(cohort.alterations.columns, cohort.altered_counts, strict=True)
    altered = [str(name) for name, number in counts if number >= _FEWEST_CARRIERS]
    return [
        *(f"variable:{name}" for name in [*names, *other_treatments(cohort)]),
        *(f"alteration:{name}" for name in altered),
    ]


def transplant_versions(cohort: Cohort) -> list[str]:
    """Columns that tell how a transplant was done, by whom it was given or how it was prepared.

    The donor and the conditioning, where they are recorded of next to nobody without a transplant:
    a donor that was found or not, in everybody, is a confounder instead.
    """
    given = np.zeros(cohort.n, dtype=bool)
    for v in cohort.variables.values():
        if v.kind in ("numeric", "date") and TRANSPLANT.search(f"{v.name} {v.label}"):
            given |= cohort.patients[v.name].notna().to_numpy()
    found = []
    for v in cohort.variables.values():
        if not _OF_A_TRANSPLANT.search(f"{v.name} {v.label}") or v.kind not in _LEVELLED:
            continue
        known = cohort.patients[v.name].notna().to_numpy()
        levels = cohort.patients[v.name].nunique()
        alone = known.sum() and (known & ~given).sum() <= _STRAY * known.sum()
        if alone and given.any() and 2 <= levels <= MAX_LEVELS:
            found.append(v.name)
    return found


def other_treatments(cohort: Cohort) -> list[str]:
    """Columns that say whether a treatment other than the transplant was given."""
    versions = transplant_versions(cohort)
    return [
        v.name
        for v in cohort.variables.values()
        if v.role == "treatment"
        and v.kind != "numeric"
        and is_usable(cohort, v)
        and not TRANSPLANT.search(f"{v.name} {v.label}")
        and v.name not in versions
    ]


def what_is_left(cohort: Cohort, chosen: Collection[str]) -> str:
    """What also decides on a transplant: recorded but not weighted for, and not recorded at all.

    Parameters
    ----------
    chosen
        What is weighted for: ``variable:age_years``, ``alteration:TP53``.
    """
    recorded = [
        mid_sentence(cohort.variables[option.removeprefix("variable:")].label)
        for option in confounder_options(cohort)
        if option.startswith("variable:") and option not in chosen
    ]
    more = len(recorded) - _LISTED
    named = [*recorded[:_LISTED], *([f"{more} more"] if more > 0 else [])]
    absent = [
        words
        for words, pattern in _RARELY_RECORDED.items()
        if not any(pattern.search(f"{v.name} {v.label}") for v in cohort.variables.values())
    ]
    parts = [f"recorded and not weighted for: {listing(named)}"] if named else []
    if absent:
        parts.append(f"not recorded in these data: {listing(absent)}")
    return "; ".join([*parts, "the wish of patient and physician is in no file"])


def centre_column(cohort: Cohort) -> str | None:
    """The column that says where a patient was treated; None where there is none."""
    return next(
        (name for name in batch_columns(cohort) if _RARELY_RECORDED["the centre"].search(name)),
        None,
    )


def timeless_treatments(cohort: Cohort, chosen: Collection[str]) -> str:
    """What is to be known of the treatments that are weighted for; empty where none is."""
    given = [n for n in other_treatments(cohort) if f"variable:{n}" in chosen]
    if not given:
        return ""
    named = [mid_sentence(cohort.variables[name].label) for name in given]
    verb = "is a treatment" if len(named) == 1 else "are treatments"
    return (
        f"{listing(named)} {verb} whose time is not used: where given after time zero, weighting "
        "for it takes away a part of what follows the decision"
    )
