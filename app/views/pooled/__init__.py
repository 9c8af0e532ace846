"""Several hospitals: what their releases of counts say together."""
