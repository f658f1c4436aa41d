"""From many sources of questions to balanced data for the three stages: GRAMMAR (ReVisual-R1, section 3)."""
