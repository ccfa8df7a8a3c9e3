"""The pages of consultations: browsing, reading, writing, debating."""
