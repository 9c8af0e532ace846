"""Tallies: what can be asked of patients where their rows are out of reach."""

from app.cohort.tally._engine import EngineTally, TooFineError, connect
from app.cohort.tally._events import event_table
from app.cohort.tally._policy import ReleasePolicy
from app.cohort.tally._pooled import PooledTally, pool
from app.cohort.tally._record import SiteRecord, read_record
from app.cohort.tally._release import Release, read_release
from app.cohort.tally._rows import RowTally, tally_of
from app.cohort.tally._sealing import Seal, digest_of, sealed, unsealed
from app.cohort.tally._tally import ExposureColumns, PageTally, TallyError, moments_table
