"""Worker processes: how many there are, how they end, and what they do besides tasks."""
