"""`python -m runbook`, the same as the `runbook` command."""

import sys

from runbook.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
