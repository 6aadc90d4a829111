"""The models and step types that pipelines can name, as data."""
