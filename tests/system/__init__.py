"""The whole house on real servers, seen from outside."""
