"""What a subgroup search found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from app.analysis.subgroups._search.information import Information
from app.analysis.subgroups._settings import SubgroupError, SubgroupSettings

UNCERTAIN_BELOW = 0.6


@dataclass(frozen=True)
class Evidence:
    """Whether the groups are more than chance would make of independent features.

    Parameters
    ----------
    information
        Bits per patient that the groups tell beyond each group's strongest alteration: which
        alterations keep company.
    null_information
        The most found in searches after every feature was permuted over the patients, or what as
        many groups drawn at random would seem to tell, if that is more.
    ratio
        The first over the second. Under 3 the company is not distinguishable from chance.
    strongest_share
        Share of all that the groups tell that is about each group's strongest alteration.
    n_groups, null_groups
        Groups found in the data, and the most found in permuted data.
    kind
        ``structure``, ``single lesions``, ``chance`` or ``none`` (one group only).
    verdict
        One or two sentences for people.
    """

    information: float
    null_information: float
    ratio: float
    strongest_share: float
    n_groups: int
    null_groups: int
    kind: str
    verdict: str


@dataclass(frozen=True, eq=False)
class SubgroupResult:
    """Genomic subgroups of a cohort.

    Parameters
    ----------
    labels
        Name of each patient's group, index patient_id.
    coordinates
        Columns x and y: the map. Patients with the same alterations share a point; see
        ``display_coordinates``. Missing where a patient was tested for nothing.
    confidence
        Mean co-association of the patient with its group, 0 to 1: how often the partitions behind
        the result put the patient with the others of its group. For patients placed afterwards,
        the posterior probability of the group.
    summary
        One row a group, the largest first: group, n, share, name, median_confidence, uncertain
        (patients below 0.6), placed (patients put there by posterior), profiles (different
        profiles), defining (its alterations, ranked).
    enrichment
        group, feature, in_group, outside, counts, odds_ratio, lower, upper, p_value, q_value.
    evidence
        The permutation null and its verdict; None where it was not asked for.
    features
        Features used.
    placed
        True for patients with untested cells, put into a group by posterior.
    information
        What the partitions behind the groups tell about the alterations; None for plain.
    """

    labels: pd.Series
    coordinates: pd.DataFrame
    confidence: pd.Series
    summary: pd.DataFrame
    enrichment: pd.DataFrame
    evidence: Evidence | None
    features: tuple[str, ...]
    placed: pd.Series
    settings: SubgroupSettings
    information: Information | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    method: str = ""

    @property
    def uncertain(self) -> pd.Series:
        """True for patients whose confidence is below 0.6, shown as uncertain."""
        return self.confidence < UNCERTAIN_BELOW

    @property
    def groups(self) -> list[str]:
        """Names of the groups in the order of the summary."""
        return [str(group) for group in self.summary["group"]]

    def renamed(self, names: Mapping[str, str]) -> SubgroupResult:
        """The same result with some groups renamed.

        Raises
        ------
        SubgroupError
            If there is no such group, or two groups would bear one name.
        """
        missing = [old for old in names if old not in self.groups]
        if missing:
            raise SubgroupError(f"There is no group called {missing[0]!r}.")
        new = [names.get(group, group).strip() for group in self.groups]
        if len(set(new)) < len(new) or "" in new:
            raise SubgroupError("Every group needs a name of its own.")
        mapping = dict(zip(self.groups, new, strict=True))
        summary = self.summary.assign(group=new, name=new)
        enrichment = self.enrichment.assign(group=self.enrichment["group"].map(mapping))
        return replace(
            self, labels=self.labels.map(mapping), summary=summary, enrichment=enrichment
        )
