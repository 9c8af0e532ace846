"""Statistics and machine learning: arrays and frames in, frozen results out."""
