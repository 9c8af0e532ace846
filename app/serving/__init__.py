"""How the app is served: its files, its processes, what happens when too many come."""
