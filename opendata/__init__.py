"""Every public table, described once: files made each night, a catalogue, an API."""
