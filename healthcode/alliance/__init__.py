"""For whoever signs an alliance's trust list: its key, its draft, the list. No server, no database.

What lists are, and why verifiers never go back, is in docs/trust.md.
"""
