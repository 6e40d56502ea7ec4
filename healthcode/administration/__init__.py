"""Manage who may do what, and whom and what this service trusts. Each change is an act."""
