"""EU certificates that officers enter, and signers that count no more."""
