"""Media on their way in and out: as inputs, fetched, decoded, and looked at whether they are whole."""
