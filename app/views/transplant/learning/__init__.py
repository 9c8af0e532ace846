"""Immortal time made visible, and the planted truth."""
