"""The official SDKs, unchanged, against the simulators: they prove that those speak the protocols."""
