"""What a cohort records of transplants: kinds, clocks, confounders, classes."""
