"""Keeps the whole house under a steady load for long, and looks whether it grows."""
