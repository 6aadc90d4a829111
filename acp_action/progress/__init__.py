"""What a running pipeline looks like: on a terminal as a board, elsewhere as lines."""
