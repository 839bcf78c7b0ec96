"""What archivist costs and how well it reads, beside others; printed as tables, never asserted."""
