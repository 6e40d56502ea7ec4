"""Whose codes are accepted here: trust lists, and the issuers' keys and status lists."""
