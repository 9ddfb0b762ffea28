"""What one server process holds."""
