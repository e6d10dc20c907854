"""Whom packsys is measured beside: each is a program that loads all rows once and says how long it took."""
