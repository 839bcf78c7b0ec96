"""`python -m archivist`: the command line by the interpreter that was called."""

import signal

from archivist.cli import main

if __name__ == "__main__":
    # Whoever was put in the background by a shell hands on that Ctrl-C is not heeded.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()
