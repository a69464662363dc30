"""One file for each framework. They arrive by entry point; none imports its framework before it is called."""
