"""report.html: one file that shows a run in a browser, with no network, no server and nothing to install."""
