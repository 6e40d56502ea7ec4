"""Declarations and daily check-ins."""
