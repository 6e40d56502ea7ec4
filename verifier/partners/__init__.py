"""Verdicts for partners, such as other provinces' systems, and their tokens and quotas."""
