"""The way to a service: what is sent and read, where to and for how long, and what went wrong on it."""
