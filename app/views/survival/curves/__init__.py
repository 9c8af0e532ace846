"""Kaplan-Meier curves by group."""
