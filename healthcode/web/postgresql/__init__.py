"""Django's PostgreSQL engine, with limits on waiting and a cheaper check of kept connections."""
