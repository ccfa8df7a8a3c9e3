"""Ideas in the staff space."""

from ideas import admin_gathering

__all__ = ("admin_gathering",)
