"""Lists of variants, one row a mutation."""
