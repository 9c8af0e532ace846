"""WHO 2022 against ICC 2022 in a cohort: who is what in both, and what is not decided."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import pandas as pd

from app.cohort.classification import DISEASES, Classification, classify, diseases
from data_loaders import Cohort
from data_loaders.arrays import Bools

UNDECIDED = "Undecided"
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?= (?:%|×|g/dL))")


@dataclass(frozen=True, eq=False)
class TwoClassifications:
    """Two classifications of the patients selected.

    Parameters
    ----------
    who, icc
        Of the whole cohort.
    used
        Patients selected whose disease has a list, shape (cohort.n,).
    crossed
        Patients by entity of WHO 2022 (rows) and ICC 2022 (columns); those not decided last.
    other
        Patients per entity of the one in another one of the other: WHO entity, ICC entity, n;
        decided in both, the most frequent first.
    missing
        What would decide, per classification: classification, missing, patients (who lack it among
        those not decided), alone (who lack nothing else).
    evidence
        Per classification and entity, how often each fact was evidence: numbers in it left out.
    """

    who: Classification
    icc: Classification
    used: Bools
    crossed: pd.DataFrame
    other: pd.DataFrame
    missing: pd.DataFrame
    evidence: pd.DataFrame
    selected: int

    @property
    def n(self) -> int:
        """Patients whose disease has a list."""
        return int(self.used.sum())

    def decided(self, which: Classification) -> int:
        """Patients with an entity."""
        return int(which.table["entity"][self.used].notna().sum())


def without_list(cohort: Cohort, mask: Bools) -> tuple[str, ...]:
    """The diseases of the patients selected where all of these are of one without a list here."""
    held = {str(name) for name in pd.unique(diseases(cohort)[0][mask])}
    return tuple(sorted(held)) if held and held.isdisjoint({"", *DISEASES}) else ()


def who_against_icc(
    cohort: Cohort,
    mask: Bools,
    *,
    disease: str | None = None,
    unrecorded_absent: bool = False,
) -> TwoClassifications:
    """Classify the patients selected by WHO 2022 and by ICC 2022.

    Parameters
    ----------
    disease, unrecorded_absent
        As in :func:`app.cohort.classification.classify`.

    Raises
    ------
    ValueError
        If there is no list for the disease.
    """
    both = [
        classify(cohort, system, disease=disease, unrecorded_absent=unrecorded_absent)
        for system in ("who_2022", "icc_2022")
    ]
    used = mask & (both[0].table["disease"] != "").to_numpy()
    entities = [result.table["entity"][used].fillna(UNDECIDED) for result in both]
    orders = [_order(result, entity) for result, entity in zip(both, entities, strict=True)]
    crossed = pd.crosstab(entities[0], entities[1]).reindex(
        index=orders[0], columns=orders[1], fill_value=0
    )
    crossed.index.name = crossed.columns.name = None
    return TwoClassifications(
        both[0], both[1], used, crossed, _pairs(crossed),
        pd.concat([_missing(result, used) for result in both], ignore_index=True),
        pd.concat([_evidence(result, used) for result in both], ignore_index=True),
        int(mask.sum()),
    )  # fmt: skip


def _order(result: Classification, entities: pd.Series) -> list[str]:
    given = set(entities)
    order = [entity for entity in result.entities if entity in given]
    return [*order, UNDECIDED] if UNDECIDED in given else order


def _pairs(crossed: pd.DataFrame) -> pd.DataFrame:
    rows = [
        (str(who), str(icc), int(crossed.loc[who, icc]))
        for who in crossed.index
        for icc in crossed.columns
        if crossed.loc[who, icc] and UNDECIDED not in {who, icc}
    ]
    table = pd.DataFrame(rows, columns=["who", "icc", "n"])
    return table.sort_values("n", ascending=False, kind="stable").reset_index(drop=True)


def _missing(result: Classification, used: Bools) -> pd.DataFrame:
    held = result.table["undecided"][used]
    each = Counter(name for names in held for name in names)
    alone = Counter(names[0] for names in held if len(names) == 1)
    rows = [(result.label, name, n, alone[name]) for name, n in each.most_common()]
    return pd.DataFrame(rows, columns=["classification", "missing", "patients", "alone"])


def _evidence(result: Classification, used: Bools) -> pd.DataFrame:
    table = result.table[used]
    table = table[table["entity"].notna()]
    counts: Counter[tuple[str, str]] = Counter()
    for entity, sentences in zip(table["entity"], table["evidence"], strict=True):
        counts.update((str(entity), _NUMBER.sub("…", sentence)) for sentence in sentences)
    rows = [(result.label, entity, fact, n) for (entity, fact), n in counts.most_common()]
    return pd.DataFrame(rows, columns=["classification", "entity", "evidence", "patients"])
