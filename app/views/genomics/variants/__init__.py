"""One gene's variants along its protein."""
