"""Timing claims, measured: each a ratio against a peer or a bound of the same run."""
