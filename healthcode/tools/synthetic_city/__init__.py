"""A city that does not exist, of any number of people: for measurements, and for trying things.

The same seed gives the same city. Its people have homes, households, trips and illnesses and no
names: the vault stays empty, since nothing that is done to millions at once ever opens it.
"""
