"""From complete profiles to groups: maps, partitions, merging, consensus."""
