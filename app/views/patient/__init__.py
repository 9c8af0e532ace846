"""The patient page: one patient, what is known and what happened."""
