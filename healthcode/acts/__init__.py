"""Acts: what somebody with authority did, for which area and on what ground.

This room only stores acts. It calls no other room but `accounts`.
"""
