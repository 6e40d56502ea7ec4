"""Watching who is recoloured."""
