"""What a session keeps on this machine: its cohorts, and what is saved with them."""
