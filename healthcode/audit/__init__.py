"""The audit: compare each night what is stored with what it must follow from.

Whoever edits the database leaves rows that contradict others. The audit finds them, and says which.
"""
