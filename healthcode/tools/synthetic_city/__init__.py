"""An invented city with any number of people, for measurements and for trying things.

The same seed gives the same city. Its people have homes, households, journeys and illnesses, but no
names. The vault (the table of names and numbers) stays empty, because nothing that is measured here
with millions of people reads it.
"""
