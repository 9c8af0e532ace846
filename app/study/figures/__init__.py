"""The one kit of all figures: theme and frame, curves, forests, labels and the risk table."""
