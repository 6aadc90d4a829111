"""The user's guide, executed: every block, log line and table of ``docs/guide.md``."""
