"""Patients like one patient."""
