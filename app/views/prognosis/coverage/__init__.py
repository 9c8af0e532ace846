"""For how many patients each score can be computed."""
