"""The bells that Celery rings."""
