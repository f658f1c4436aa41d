"""What a training run will need, before a device is taken."""
