"""Statistical disclosure control of a deployment: policy, questions, audited release."""

from app.cohort.disclosure._policy import Disclosure, DisclosureError
from app.cohort.disclosure._questions import Condition, Published, is_asked
from app.cohort.disclosure._release import AT_RISK, EVENTS, GRID
from app.cohort.disclosure._tally import ReleasedTally
