"""Filters that say in words whom they select, and count whom each step loses."""

from app.cohort.filters._clauses import All, Altered, AnyOf, Between, Clause, InSet, Known, Not
from app.cohort.filters._filter import Filter, FilterError, Selection
from app.cohort.filters._genomic import MutatedGenes, Patients, Tested, Variant, names_patients
