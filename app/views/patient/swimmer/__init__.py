"""The swimmer plot of the selected patients."""
