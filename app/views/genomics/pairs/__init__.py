"""Which alterations occur together and which avoid each other."""
