"""The rules of grading: what an answer says, and whether two answers say the same. Pure functions of text."""
