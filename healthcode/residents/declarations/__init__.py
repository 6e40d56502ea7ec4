"""Declaring and checking in."""
