"""Allele fractions by gene, and hints of the order in which mutations came."""
