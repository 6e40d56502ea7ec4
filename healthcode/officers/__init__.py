"""What officers do, as pages and interface: maps, withdrawals, certificates, inquiries, figures."""
