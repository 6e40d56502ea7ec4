"""A person's colour, and why it is as it is."""
