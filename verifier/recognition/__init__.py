"""Whose codes are recognised: trust lists, keys and status lists of the issuers."""
