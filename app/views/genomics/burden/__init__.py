"""How many alterations a patient has."""
