"""Competing risks: cumulative incidence by group."""
