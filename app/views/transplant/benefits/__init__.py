"""Who benefits: by risk class, age and alterations, and for a stated patient."""
