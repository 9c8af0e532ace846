"""Cox's model over several hospitals, round by round: requests, replies, and the model."""
