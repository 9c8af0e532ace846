"""What a session made of its cohorts, held as long as it lasts."""
