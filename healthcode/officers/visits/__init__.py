"""Declarations and printed cards for people who come to the desk without a telephone."""
