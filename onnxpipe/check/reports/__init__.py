"""What was found, told: as text, JSON, pages, and in the forms that CI systems read."""
