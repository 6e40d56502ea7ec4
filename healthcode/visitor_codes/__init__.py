"""Local codes for visitors: verify a code of another province, and sign a short-lived local one.

They are for doors that know only local codes. This room is above `verifier` and `codes`, because
the room that verifies must not be able to sign.
"""
