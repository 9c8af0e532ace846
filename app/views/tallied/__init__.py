"""The ordinary pages drawn from a tally: released counts, or those of a database."""
