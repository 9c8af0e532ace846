"""What a subgroup search is asked to do: settings that serve as a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Quality = Literal["preview", "standard", "fine", "plain"]


class SubgroupError(ValueError):
    """Data or settings from which no subgroups can be found; the message is one sentence."""


@dataclass(frozen=True)
class SubgroupSettings:
    """Settings of a subgroup search.

    Parameters
    ----------
    quality
        ``standard`` (five maps), ``preview`` (as many of these as a second holds: all of a small
        table, one of a large one), ``fine`` (fifteen maps) or ``plain`` (UMAP and HDBSCAN on the
        patients as they are, for comparison).
    seed
        Seed of everything random. The same data and settings always give the same groups.
    min_frequency
        Smallest share of patients in which a feature must be altered to be used; None for the
        default: 0.5% and at least 5 patients (3 where there are fewer than 300 patients).
    features
        Names of the features to use; None for all.
    evidence
        Whether standard and fine also run the permutation null and give a verdict.

    Raises
    ------
    SubgroupError
        If a value is outside what the method knows.
    """

    quality: Quality = "standard"
    seed: int = 0
    min_frequency: float | None = None
    features: tuple[str, ...] | None = None
    evidence: bool = True

    def __post_init__(self) -> None:
        if self.quality not in get_args(Quality):
            known = ", ".join(get_args(Quality))
            raise SubgroupError(f"Unknown quality {self.quality!r}: choose one of {known}.")
        if isinstance(self.seed, bool) or not 0 <= int(self.seed) < 2**31:
            raise SubgroupError("The seed must be a whole number from 0 to 2147483647.")
        object.__setattr__(self, "seed", int(self.seed))
        if self.min_frequency is not None and not 0 <= self.min_frequency < 1:
            raise SubgroupError("The minimum frequency is a share of patients, from 0 to below 1.")
        if self.features is not None:
            object.__setattr__(self, "features", tuple(str(name) for name in self.features))

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values that JSON can hold."""
        values = asdict(self)
        if self.features is not None:
            values["features"] = list(self.features)
        return values


@dataclass(frozen=True)
class Effort:
    """How much computing a quality stands for.

    Parameters
    ----------
    n_maps
        Number of UMAP runs, each with its own seed.
    n_drawn
        Profiles that all runs may draw together; None for any number. One run there is always.
    min_cluster_shares
        HDBSCAN's min_cluster_size as shares of the patients.
    min_samples
        HDBSCAN's min_samples.
    """

    n_maps: int
    n_drawn: int | None = None
    min_cluster_shares: tuple[float, ...] = (0.006, 0.009, 0.012, 0.018)
    min_samples: tuple[int, ...] = (5, 10)

    def maps_of(self, n_profiles: int) -> int:
        """Number of maps of a table with so many profiles."""
        if self.n_drawn is None:
            return self.n_maps
        return max(1, min(self.n_maps, self.n_drawn // n_profiles))


EFFORTS: Mapping[str, Effort] = {
    # A map takes about 0.4 ms of processor a profile, more where they are few: about a second.
    "preview": Effort(n_maps=5, n_drawn=2500),
    "standard": Effort(n_maps=5),
    "fine": Effort(n_maps=15),
}

# Shuffled data are searched several times, with one map each.
NULL_EFFORT = Effort(n_maps=1)
# Two maps are enough to ask whether a search repeats; five would only take longer.
REPEAT_EFFORT = Effort(n_maps=2)
