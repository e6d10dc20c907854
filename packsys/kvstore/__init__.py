"""Redis: what makes things fast, and may be lost. The only place that speaks to it, beside Celery."""
