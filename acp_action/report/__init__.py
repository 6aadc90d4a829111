"""What a run was, in figures and in words: report.json, report.md, log lines."""
