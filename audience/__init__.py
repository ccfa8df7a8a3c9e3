"""How many pages are read each day, without cookie nor address."""
