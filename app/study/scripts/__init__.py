"""The lines of a script that load the data, select the patients and call the analysis."""
