"""Venues, their devices and what happened at their doors, for those who manage them."""
