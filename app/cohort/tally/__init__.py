"""Tallies: what can be asked of patients where their rows are out of reach."""

from app.cohort.tally._events import event_table
from app.cohort.tally._pooled import PooledTally, pool
from app.cohort.tally._release import Release, ReleasePolicy, read_release
from app.cohort.tally._rows import RowTally, tally_of
from app.cohort.tally._tally import Tally, TallyError, moments_table

__all__ = [
    "PooledTally",
    "Release",
    "ReleasePolicy",
    "RowTally",
    "Tally",
    "TallyError",
    "event_table",
    "moments_table",
    "pool",
    "read_release",
    "tally_of",
]
