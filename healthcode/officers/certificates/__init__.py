"""Officers enter EU certificates for people at their desk, and withdraw document signers."""
