"""The city's own nomenclature: sectors, districts, themes, services. The lowest room with data: everything else points at it."""
