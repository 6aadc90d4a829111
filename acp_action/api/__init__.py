"""The Python API: from a pipeline file, or one prompt, to results. ``acp_action`` has the public names."""
