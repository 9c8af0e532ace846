"""What is in a selection, variable by variable, in pictures that filter."""
