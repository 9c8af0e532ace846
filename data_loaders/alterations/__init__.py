"""Alterations: names of genes and their parts, columns and cells that hold them."""
