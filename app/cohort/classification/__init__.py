"""WHO 2022 and ICC 2022 for a whole cohort: entity, evidence, what remains possible and why.

Decision lists as data (``_lists``), facts that are so, not so or not known (``_facts``,
``_events``), one evaluator (``_evaluate``). A research rule set, not a diagnosis.
"""

from app.cohort.classification._classify import SYSTEMS, Classification, classify, offered_classes
from app.cohort.classification._disease import DISEASES, diseases
from app.cohort.classification._parts import parts_of_class
