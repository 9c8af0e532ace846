"""What columns mean: vocabulary, variables, units, identifiers, unknown values, findings."""
