"""What is wrong on a portal, as findings and plain tables; nothing here writes."""
