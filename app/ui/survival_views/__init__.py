"""The views of the survival page, one module each: its controls, then what they ask for."""
