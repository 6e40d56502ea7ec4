"""Withdrawing evidence that was wrong."""
