"""What the city owes the public: the register of its acts, open data, published algorithms."""
