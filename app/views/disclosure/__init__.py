"""The pages while disclosure control is on: released answers only."""
