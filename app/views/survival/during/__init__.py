"""Events during follow-up as exposures."""
