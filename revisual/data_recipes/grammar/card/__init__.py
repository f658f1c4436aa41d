"""The data card: what went in, what fell and why, and what came out."""
