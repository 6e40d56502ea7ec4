"""What residents do: declare, check in, read their colour, hand in certificates, see their data."""
