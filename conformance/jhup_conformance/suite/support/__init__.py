"""What only checks use."""
