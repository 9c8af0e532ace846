"""The target trial, and what of it the data can follow."""
