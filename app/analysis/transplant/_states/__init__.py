"""States over time, the models of moving between them, and life by delay simulated from these."""
