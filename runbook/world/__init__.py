"""Hands: the live ports (ICMP, TCP, SIP, HTTP, SSH, clock) and the lab."""

import sys
from typing import Any, cast

# paramiko imports a task runner for `Match exec` of ssh_config files, which this program never reads: half of paramiko's own import.
cast("dict[str, Any]", sys.modules).setdefault("invoke", None)
