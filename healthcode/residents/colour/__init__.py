"""A person's colour and its reasons."""
