"""Long computations: the worker process, its jobs, and how a page waits for them."""
