"""A dispute with the administration, in confidence."""
