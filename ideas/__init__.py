"""Residents propose and support; the city studies the most popular and most realistic, and answers."""
