"""A user's word on what the columns are, and how it is corrected."""
