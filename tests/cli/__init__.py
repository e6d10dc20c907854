"""What people type, and what they get."""
