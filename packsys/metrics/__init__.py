"""Figures for Prometheus: what the system counts, and what only a process knows."""
