"""A site's own record of what it told, so that two answers do not tell what neither does.

Counts of two selections that differ by one patient are that patient's. A site therefore keeps which
patients each answer was about, as keyed hashes of their identifier and follow-up, and refuses a
selection that differs from an earlier one by fewer patients than its policy allows. The record is
about patients: it stays in the site.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.cohort.tally._sealing import digest_of, sealed, unsealed
from app.cohort.tally._tally import TallyError
from data_loaders import Cohort
from data_loaders.arrays import Bools

_KIND, _VERSION = "calr-site-record", 1
_SALT_LETTERS = 16  # what pandas takes as a key


@dataclass(frozen=True)
class Told:
    """One answer: its digest, whom it was about, how many numbers it told, and of what."""

    answer: str
    patients: str
    numbers: int = 0
    asked: tuple[str, ...] = ()


@dataclass(frozen=True)
class SiteRecord:
    """What a site has told so far.

    Attributes
    ----------
    salt
        Key of the hashes, made by chance.
    told
        Every answer, in order.
    sets
        By digest: the patients an answer was about, hashed and sorted.
    """

    salt: str = field(default_factory=lambda: secrets.token_hex(_SALT_LETTERS // 2))
    told: tuple[Told, ...] = ()
    sets: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def check(self, cohort: Cohort, who: Bools, minimum: int) -> None:
        """Refuse patients who differ by a few from those of an earlier answer.

        Parameters
        ----------
        who
            The patients, shape (cohort.n,).
        minimum
            The fewest that may make the difference.

        Raises
        ------
        TallyError
            If they differ by at least one and fewer than that.
        """
        here = self._hashed(cohort, who)
        for there in self.sets.values():
            before = np.array(there, dtype=np.uint64)
            new = len(np.setdiff1d(here, before, assume_unique=True))
            gone = len(np.setdiff1d(before, here, assume_unique=True))
            if 0 < max(new, gone) < minimum:
                raise TallyError(
                    f"These patients differ from those of an earlier answer by fewer than {minimum}"
                    ": the difference would tell about them; select the same patients, or wait "
                    "until there are more new ones."
                )

    def noted(
        self,
        cohort: Cohort,
        who: Bools,
        answer: str,
        *,
        numbers: int = 0,
        asked: tuple[str, ...] = (),
    ) -> SiteRecord:
        """The record with one more answer; the same answer given again tells nothing new."""
        if any(held.answer == answer for held in self.told):
            return self
        here = tuple(self._hashed(cohort, who).tolist())
        name = digest_of({"patients": here})
        return replace(
            self,
            told=(*self.told, Told(answer, name, numbers, asked)),
            sets=self.sets | {name: here},
        )

    def to_text(self) -> str:
        """The record's file."""
        content = {
            "kind": _KIND, "version": _VERSION, "writer": "this site", "salt": self.salt,
            "told": [[t.answer, t.patients, t.numbers, list(t.asked)] for t in self.told],
            "sets": {name: list(held) for name, held in self.sets.items()},
        }  # fmt: skip
        return sealed(content, "this site")

    def _hashed(self, cohort: Cohort, who: Bools) -> npt.NDArray[np.uint64]:
        # Follow-up too: a patient who died since is another answer's difference.
        columns = sorted(cohort.endpoint_columns)
        frame = cohort.patients.loc[who, columns].astype(np.float64)
        frame.insert(0, "patient", frame.index.astype(str).to_numpy(dtype=object))
        hashed = pd.util.hash_pandas_object(frame, index=False, hash_key=self.salt)
        return np.unique(hashed.to_numpy(dtype=np.uint64))


def read_record(text: str | bytes) -> SiteRecord:
    """Read a site's record.

    Raises
    ------
    TallyError
        If the file is none, or was changed.
    """
    content, _ = unsealed(text, _KIND, _VERSION, "record of a site", writer="writer")
    try:
        return SiteRecord(
            str(content["salt"]),
            tuple(Told(str(a), str(p), int(n), tuple(asked)) for a, p, n, asked in content["told"]),
            {str(name): tuple(map(int, held)) for name, held in content["sets"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise TallyError("This file is not a record of a site.") from error
