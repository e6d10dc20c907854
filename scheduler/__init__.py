"""What beat asks for."""
