"""From what a step says in the file to the fields that a service is sent, and what is wrong with them."""
