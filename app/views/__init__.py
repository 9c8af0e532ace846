"""The rooms: each view whole, from its analysis of a cohort to its page."""
