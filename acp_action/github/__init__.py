"""The GitHub Action: what the runner hands in, and what it gets back."""
