"""The telephone with which an account logs in, and how it is changed."""
