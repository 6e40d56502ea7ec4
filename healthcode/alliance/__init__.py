"""The tool of the operator who signs an alliance's trust list.

It works on a folder with the alliance's key, a draft and the signed list, without server or
database. docs/trust.md says what trust lists are, and why verifiers refuse older ones.
"""
