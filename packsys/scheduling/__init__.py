"""When things are due: rhythms, schedules, and the slots in which each fires once."""
