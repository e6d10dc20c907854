"""Where pack code runs."""
