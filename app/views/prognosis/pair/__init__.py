"""Score against score."""
