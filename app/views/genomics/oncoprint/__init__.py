"""Who carries what, patient by patient."""
