"""Every alteration against an endpoint."""
