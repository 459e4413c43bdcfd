"""`python -m amazon_eboekhouden.cli`: the console script by another name."""

import sys

from amazon_eboekhouden.cli import main

if __name__ == "__main__":
    sys.exit(main())
