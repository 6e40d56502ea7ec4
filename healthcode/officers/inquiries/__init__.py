"""Tracing from a case: opening, looking, confirming."""
