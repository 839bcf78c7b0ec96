"""What every search engine of archivist must do.

Each of `CHECKS` takes a function that opens the same index again, each time another object, as another process would
have it; `drawing.equals_the_scan` then compares with the scan what Hypothesis thinks of.
"""

from tests.search import finding_checks, keeping_checks, odd_checks

CHECKS = (*finding_checks.CHECKS, *odd_checks.CHECKS, *keeping_checks.CHECKS)
