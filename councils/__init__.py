"""Residents drawn by lot, who sit independently of the city."""
