"""Static reports: one self-contained HTML file each, that opens from the file system and asks the network nothing."""
