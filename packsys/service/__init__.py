"""The HTTP door: FastAPI at the skin, the house behind it."""
