"""One box over everything public, and over what one alone may see."""
