"""The output folder: checked before a run, filled without torn files, described by its manifest."""
