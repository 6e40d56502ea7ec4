"""A local code for a visitor: verify what another province signed, sign a short-lived one here.

For doors that know local codes alone. It lies above both rooms, since who verifies may not sign.
"""
