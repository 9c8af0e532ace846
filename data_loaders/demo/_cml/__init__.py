"""The demo cohort of chronic myeloid leukaemia."""
