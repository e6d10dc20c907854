"""Measures packsys beside what people would use instead, in one run."""
