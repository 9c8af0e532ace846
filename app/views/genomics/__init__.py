"""The genomics page: what is altered, together or apart, where and how much."""
