"""Services whose orders become jobs: when to look at one, how it ends, and what a stop does to it."""
