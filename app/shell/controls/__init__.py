"""Controls that several rooms ask with: grouping, endpoint, time, adjustment."""
