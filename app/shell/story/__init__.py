"""The story of a session: held while it lasts, added to from every answer."""
