"""Questions that are made and not read: small, seeded, and in splits that share nothing."""
