"""Who signs in: clouds, credentials and their tokens. Nothing here imports azure-identity before it is needed."""
