"""What who runs a server watches: who did what, health, figures, and a log without patient data."""
