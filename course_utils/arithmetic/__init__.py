"""Numbers -> arithmetic."""
