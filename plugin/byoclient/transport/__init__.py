"""How requests travel: http clients, and the hosts that may receive what they carry."""
