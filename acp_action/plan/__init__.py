"""Planning: from a checked config to steps with every edge, model and limit settled."""
