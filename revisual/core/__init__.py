"""What everything else rests on: errors, files, manifests, seeds."""
