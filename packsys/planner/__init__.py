"""What a formula would do, and what it needs next."""
