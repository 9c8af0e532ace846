"""Every change of the schema, in order; `workspace_0001.py` made it."""
