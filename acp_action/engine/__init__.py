"""The engine: one loop that carries a plan out, and what it needs for that."""
