"""Options of `revisual evaluate`, by what they are about."""
