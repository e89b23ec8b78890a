"""Servers as they are met in the field, and what the suite has to say of each."""
