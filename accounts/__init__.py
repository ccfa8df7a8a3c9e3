"""People: sign-in, residency, roles, consents, their data."""
