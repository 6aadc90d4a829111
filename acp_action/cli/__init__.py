"""The command line: parse, call the API, show, exit code. Start at ``app``."""
