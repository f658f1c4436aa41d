"""How the papers' training data is made."""
