"""`python -m runbook`, the same as the `runbook` command."""

import sys

from runbook.cli.app import main

sys.exit(main())
