"""The officers' desk: maps, withdrawals, certificates, inquiries, statistics."""
