"""How often alterations occur, and whether groups differ."""
