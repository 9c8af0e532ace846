"""The subgroups page: the search, its map, what each group is."""
