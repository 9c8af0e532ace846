"""A cohort written as a cBioPortal study."""
