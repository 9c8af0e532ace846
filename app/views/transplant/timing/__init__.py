"""Life by the delay of the transplant."""
