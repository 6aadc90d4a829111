"""A pipeline file becomes a PipelineConfig: loading, positions, templates, and which setting wins."""
