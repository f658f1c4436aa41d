"""What questions are about: embeddings, clusters and their names."""
