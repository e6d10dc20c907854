"""Celery: how work is sent."""
