"""Filters in words, selections with attrition, groupings."""
