"""The pictures of README and docs: a real run in a real terminal, and its report in a real browser."""
