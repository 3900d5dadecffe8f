"""Saved conversations: one SQLite file."""
