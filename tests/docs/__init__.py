"""What is written is run."""
