"""Whether two pages are the same: what a page looks like, what it says in brief, and both held against another's."""
