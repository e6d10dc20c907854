"""PostgreSQL: what must last. The only place that speaks SQL."""
