"""Questions, answers and their words: pure, between the statistics and what shows them."""
