"""What `revisual check` looks at before a run begins."""
