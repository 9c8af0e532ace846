"""Other estimators of the same question, with the same patients and confounders."""
