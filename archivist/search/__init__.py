"""Finding items: the query, what an item offers, the engines, and the passages that are shown."""
