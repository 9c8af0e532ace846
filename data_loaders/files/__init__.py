"""What stands in a file: its tables as text, and how its numbers and dates are written."""
