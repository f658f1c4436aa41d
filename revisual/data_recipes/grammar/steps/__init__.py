"""The steps of the curation, one file each."""
