"""Variables that the loader derives because every reader of such a cohort asks for them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

import numpy as np

from data_loaders.alterations.columns import Alterations
from data_loaders.arrays import Floats, Ints
from data_loaders.dates.columns import DateColumn
from data_loaders.endpoints.build import Check, counted_months, findings
from data_loaders.endpoints.date_pairs import date_roles
from data_loaders.meaning.variables import ReadColumn
from data_loaders.meaning.vocabulary import term, term_of
from data_loaders.model import Issue, Variable
from data_loaders.wording import shown

# A patient with several is counted under the first: the rarer, more specific driver.
DRIVERS = ("CALR", "MPL", "JAK2")
TRIPLE_NEGATIVE = "Triple-negative"
_SHARE_OF_MPN = 0.5
_OLDEST = 110
_AGES_APART = 2
_DEPTHS = (10**-2.5, 0.01, 0.1, 1.0, 10.0)  # per cent of the international scale
_DEPTH_NAMES = ("MR4.5 or undetected", "MR4", "MMR", "Up to 1%", "Up to 10%", "Above 10%")
_UNMUTATED_FROM, _LEAST_IDENTITY = 98.0, 50.0  # per cent of the germline
_NEGATIVE_WORDS = re.compile(
    r"(?:t|3|(?:tri|drei|three)(?:p+el|p+le?|ply|fach)?)[ -]*(?:n|neg|negati[fv][aeo]?s?)\.?"
)


def is_triple_negative(name: str) -> bool:
    """Whether a driver class means neither JAK2 nor CALR nor MPL, however it is spelt.

    Parameters
    ----------
    name
        A level such as ``TN``, ``triple neg``, ``3-neg`` or ``triple-negativ``.
    """
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[\s_/-]+", " ", folded).strip(" ()")
    return _NEGATIVE_WORDS.fullmatch(words) is not None


def driver_class(alterations: Alterations) -> ReadColumn | None:
    """The driver class of a myeloproliferative neoplasm, from its three driver genes.

    CALR, JAK2, MPL or triple-negative. A patient with more than one is counted under the first of
    CALR, MPL, JAK2; JAK2 exon 12 counts as JAK2; a patient without a driver in whom one of them
    was not tested is missing. Derived only where all three are features and at least half of the
    patients carry one, which holds in MPN and nowhere else: "triple-negative" has no meaning in
    other diseases.
    """
    features = alterations.features
    states: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]] = {}
    for gene in DRIVERS:
        names = features.index[
            (features["gene"] == gene)
            & ((features["kind"] == "gene") | features["label"].str.contains("exon 12|V617F"))
        ]
        if gene not in names:
            return None
        columns = alterations.matrix[names].to_numpy(dtype=np.float64, na_value=np.nan)
        altered = (columns == 1).any(axis=1)
        states[gene] = np.where(altered, 1.0, np.where(np.isnan(columns).any(axis=1), np.nan, 0.0))
    values = np.full(len(alterations.matrix), None, dtype=object)
    negative = np.all([state == 0 for state in states.values()], axis=0)
    values[negative] = TRIPLE_NEGATIVE
    for gene in reversed(DRIVERS):
        values[states[gene] == 1] = gene
    positive = np.any([state == 1 for state in states.values()], axis=0)
    if not positive.any() or positive.sum() < _SHARE_OF_MPN * (positive | negative).sum():
        return None
    present = [level for level in ("CALR", "JAK2", "MPL", TRIPLE_NEGATIVE) if level in set(values)]
    several = int((np.sum([state == 1 for state in states.values()], axis=0) > 1).sum())
    known = term("driver")
    variable = Variable(
        "driver",
        known.label,
        "categorical",
        role=known.role,
        description=(
            "Derived from JAK2, CALR and MPL; patients with more than one "
            f"({several}) are counted under the first of {', '.join(DRIVERS)}."
        ),
        levels=tuple(present),
        reason="derived from the columns JAK2, CALR and MPL",
    )
    return ReadColumn(variable, values, known.rank)


def ighv_status(reads: Iterable[ReadColumn]) -> ReadColumn | None:
    """IGHV mutated or unmutated, from the identity with the germline: unmutated from 98% on.

    The rule of ERIC (Rosenquist, Leukemia 2017;31:1477); of a difference from the germline the
    identity is 100 less that. None where the file holds the status itself, or neither of both, or
    where per cent and shares cannot be told apart.
    """
    known, held = term("ighv"), _by_term(reads)
    measured = held.get("ighv_identity") or held.get("ighv_mutation")
    if measured is None or known.key in held or measured.variable.kind != "numeric":
        return None
    values = measured.cells.astype(np.float64)
    differs = measured.key == "ighv_mutation"
    source = measured.variable.source_column or measured.variable.name
    if measured.variable.unit == "fraction":
        values = 100 * values
    elif differs and np.nanmax(values, initial=0.0) <= 1:
        return None
    identity = np.round(100 - values if differs else values, 6)
    identity[(identity < _LEAST_IDENTITY) | (identity > 100)] = np.nan
    if np.isnan(identity).all():
        return None
    status = np.full(len(values), None, dtype=object)
    status[identity < _UNMUTATED_FROM] = "Mutated"
    status[identity >= _UNMUTATED_FROM] = "Unmutated"
    how = f"identity of {_UNMUTATED_FROM:g}% or more in {shown(source)} is unmutated"
    issues: tuple[Issue, ...] = ()
    if differs:
        least = 100 - _UNMUTATED_FROM
        how = (
            f"{shown(source)} above {least:g}%, an identity below {_UNMUTATED_FROM:g}%, is mutated"
        )
        words = (
            f"{shown(source)} was read as the difference from the germline, 100 less the identity: "
            f"above {least:g}% is mutated."
        )
        issues = (Issue("info", words, source, code="spellings"),)
    article = "" if differs else "an "
    variable = Variable(
        "ighv", known.label, "categorical", role=known.role,
        description=f"Derived: {article}{how} (Rosenquist, Leukemia 2017).",
        levels=tuple(level for level in ("Mutated", "Unmutated") if level in set(status)),
        reason=how, source_column=source,
    )  # fmt: skip
    return ReadColumn(variable, status, known.rank, issues)


def ldh_multiple(reads: Iterable[ReadColumn]) -> ReadColumn | None:
    """LDH as a multiple of its upper limit, where the file has both and not the multiple."""
    known, held = term("ldh_ratio"), _by_term(reads)
    ldh, limit = held.get("ldh"), held.get("ldh_limit")
    if ldh is None or limit is None or known.key in held:
        return None
    if ldh.variable.unit != limit.variable.unit:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        values = ldh.cells.astype(np.float64) / limit.cells.astype(np.float64)
    values[~np.isfinite(values)] = np.nan
    how = f"{shown(ldh.variable.name)} divided by {shown(limit.variable.name)}"
    variable = Variable(
        "ldh_ratio", known.label, "numeric", unit=known.units[0][0], role=known.role,
        description=f"Derived: {how}.", reason=how, source_column=ldh.variable.name,
    )  # fmt: skip
    return ReadColumn(variable, values, known.rank)


def molecular_responses(reads: Iterable[ReadColumn]) -> list[ReadColumn]:
    """The depth of response in logs for each BCR::ABL1 at a milestone, 0 being undetected.

    On the international scale MMR is 0.1% or less, MR4 0.01% and MR4.5 0.0032% (Cross, Leukemia
    2012;26:2172); above it stand the limits of ELN 2020, 1% and 10%.
    """
    found = []
    for read in _by_term(reads).values():
        month = read.key.removeprefix("bcr_abl_")
        if not month.isdigit() or read.variable.kind != "numeric":
            continue
        values = read.cells.astype(np.float64)
        place = np.searchsorted(_DEPTHS, values, side="left")
        depth = np.array([*_DEPTH_NAMES], dtype=object)[np.minimum(place, len(_DEPTHS))]
        depth[np.isnan(values)] = None
        source = read.variable.source_column or read.variable.name
        how = f"the limits of MMR, MR4, MR4.5 and ELN 2020 on {shown(source)}"
        variable = Variable(
            f"molecular_response_{month}m", f"Molecular response at {month} months", "ordinal",
            role="clinical", description=f"Derived: {how}.",
            levels=tuple(name for name in _DEPTH_NAMES if name in set(depth)), reason=how,
            source_column=source,
        )  # fmt: skip
        found.append(ReadColumn(variable, depth, read.rank))
    return found


def _by_term(reads: Iterable[ReadColumn]) -> dict[str, ReadColumn]:
    """The columns by what they hold, the first of each."""
    held: dict[str, ReadColumn] = {}
    for read in reads:
        held.setdefault(read.key, read)
    return held


def transplant_time(dates: Mapping[str, DateColumn], rows: Ints) -> ReadColumn | None:
    """Months from time zero to the transplant, where both are dates; the dates stay beside it.

    Parameters
    ----------
    dates
        The table's columns of dates, by name.
    """
    roles = date_roles(dates)
    if roles.transplant is None or not roles.zeros:
        return None
    zero, end = dates[roles.zeros[0]], dates[roles.transplant]
    months = counted_months(zero, end)
    negative = months < 0
    months[negative] = np.nan
    how = f"months from {shown(zero.name)} to {shown(end.name)}"
    issues = [
        Issue(
            "info",
            f"The time of transplant was counted in {how}.",
            end.name,
            int((~np.isnan(months)).sum()),
            code="time_zero",
        ),
        *findings(
            "Transplant",
            [
                Check(negative, "warning", "negative_time", end.name,
                      "{patients} had it before time zero ({rows}); the months were left missing, "
                      "the dates are kept."),
            ],
            rows,
        ),
    ]  # fmt: skip
    known = term("time_to_transplant")
    variable = Variable(
        "transplant_months",
        known.label,
        "numeric",
        unit="months",
        role="treatment",
        description="Missing in patients without a date of transplant.",
        reason=how,
        source_column=end.name,
    )
    return ReadColumn(variable, months, known.rank, tuple(issues))


def age_from_dates(
    dates: Mapping[str, DateColumn], rows: Ints, reads: Iterable[ReadColumn]
) -> ReadColumn | None:
    """Age at diagnosis in whole years, where the table has dates of birth and diagnosis but no age.

    Parameters
    ----------
    dates
        The table's columns of dates, by name.
    """
    roles, known = date_roles(dates), term("age")
    ages = (term_of(read.variable.source_column or read.variable.name) for read in reads)
    if roles.birth is None or not roles.zeros or known in ages:
        return None
    born, zero = dates[roles.birth], dates[roles.zeros[0]]
    years = _birthdays(born, zero)
    odd = (years < 0) | (years > _OLDEST)
    years[odd] = np.nan
    if np.isnan(years).all():
        return None
    how = f"years from {shown(born.name)} to {shown(zero.name)}"
    issues = findings(
        known.label,
        [
            Check(odd, "warning", "implausible", born.name,
                  f"{{patients}} would be younger than 0 or older than {_OLDEST} ({{rows}}); the "
                  "age was left missing, the dates are kept."),
        ],
        rows,
    )  # fmt: skip
    variable = Variable(
        "age_years", known.label, "numeric", unit="years", role=known.role,
        description=f"Derived: {how}.", reason=how, source_column=born.name,
    )  # fmt: skip
    return ReadColumn(variable, years, known.rank, tuple(issues))


def age_against_dates(
    dates: Mapping[str, DateColumn], rows: Ints, reads: Iterable[ReadColumn]
) -> list[Issue]:
    """A finding on ages that the dates of birth and diagnosis contradict by two years or more.

    Parameters
    ----------
    dates, rows, reads
        As for :func:`age_from_dates`.
    """
    roles = date_roles(dates)
    if roles.birth is None or not roles.zeros:
        return []
    born, zero = dates[roles.birth], dates[roles.zeros[0]]
    years = _birthdays(born, zero)
    for read in reads:
        name = read.variable.source_column or read.variable.name
        if term_of(name) != term("age") or read.variable.unit != "years":
            continue
        apart = np.abs(read.cells.astype(np.float64) - years) >= _AGES_APART
        words = (
            f"{{patients}} have an age in {shown(name)} that {shown(born.name)} and "
            f"{shown(zero.name)} contradict ({{rows}}); it is kept, check them."
        )
        check = Check(apart, "warning", "contradiction", name, words)
        return findings(term("age").label, [check], rows)
    return []


def _birthdays(born: DateColumn, zero: DateColumn) -> Floats:
    """Whole years by the calendar, NaN where a date is missing."""
    known = ~np.isnat(born.past) & ~np.isnat(zero.past)
    years = np.full(len(known), np.nan)
    months = [column.past[known].astype("datetime64[M]") for column in (born, zero)]
    days = [
        column.past[known].astype("datetime64[D]") - month
        for column, month in zip((born, zero), months, strict=True)
    ]
    passed = (months[1] - months[0]).astype(np.int64) - (days[1] < days[0])
    years[known] = passed // 12
    return years
