"""The room of the story: its page, and what presenting it needs."""
