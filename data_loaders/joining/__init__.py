"""From tables to one row a patient: joined, merged, understood."""
