"""Table one, to read and to take away."""
