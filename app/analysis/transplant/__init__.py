"""Transplant timing: the target trial, its emulation, and the multistate model."""
