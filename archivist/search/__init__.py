"""Finding items: what is asked (`query`), what an item offers (`document`), the engines, and the passages shown."""
