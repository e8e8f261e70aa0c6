"""The lab's call centre as data: its hosts, what listens on them, their services, and the people by role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ADDRESS = "127.0.0.1"
USER = "technician"


@dataclass(frozen=True, slots=True)
class Door:
    """One port of one host. `name` is the port's name in the site file (`ssh`: the login's).

    It is closed while the service `needs` does not run. A `sip` door, which is UDP and TCP, answers 503 while the service
    `serves` does not run.
    """

    host: str
    name: str
    speaks: Literal["ssh", "sip", "tcp", "http"]
    needs: str = ""
    serves: str = ""

    @property
    def key(self) -> str:
        """What names this door in the lab's files, such as `cti/ssh`."""
        return f"{self.host}/{self.name}"


@dataclass(frozen=True, slots=True)
class Machine:
    """One host of the lab."""

    title: dict[str, str]
    services: tuple[str, ...] = ()
    ssh: bool = False


MACHINES: dict[str, Machine] = {
    "cti": Machine({"en": "CTI server", "zh": "CTI服务器"}, ("cti-core",), ssh=True),
    "sip": Machine({"en": "SIP server", "zh": "SIP服务器"}, ("SipServer",), ssh=True),
    "cim": Machine({"en": "CIM server", "zh": "CIM服务器"}, ("URSStatServer", "ReportStatServer"), ssh=True),
    "gvp": Machine({"en": "Voice portal", "zh": "GVP语音平台"}, ssh=True),
    "db": Machine({"en": "Database", "zh": "数据库"}),
    "ivr": Machine({"en": "IVR self-service server", "zh": "IVR自助服务器"}, ("ivr-core",), ssh=True),
    "gateway-a": Machine({"en": "Voice gateway A", "zh": "语音网关A"}),
    "gateway-b": Machine({"en": "Voice gateway B", "zh": "语音网关B"}),
    "app": Machine({"en": "Application server", "zh": "应用服务器"}),
}

SEATS: dict[str, Machine] = {
    f"seat-{number}": Machine({"en": f"Seat {number}", "zh": f"座席{number}"}) for number in (1, 2, 3)
}

FLOOR = "1"
"""Where the seats are."""

GROUPS: dict[str, tuple[str, ...]] = {"gateways": ("gateway-a", "gateway-b"), "sample-seats": tuple(SEATS)}

DOORS: tuple[Door, ...] = (
    *(Door(name, "ssh", "ssh") for name, machine in MACHINES.items() if machine.ssh),
    Door("cti", "cti", "tcp", needs="cti-core"),
    # The SIP server hands every call to the CTI service: without it, it is there and turns everybody away.
    Door("cti", "sip", "sip", serves="cti-core"),
    Door("sip", "sip", "sip", needs="SipServer", serves="cti-core"),
    Door("gvp", "sip", "sip"),
    Door("ivr", "sip", "sip", needs="ivr-core"),
    Door("gateway-a", "sip", "sip"),
    Door("gateway-b", "sip", "sip"),
    Door("db", "database", "tcp"),
    Door("app", "http", "http"),
    *(Door(seat, "softphone", "tcp") for seat in SEATS),
)

SERVICES: dict[str, str] = {service: host for host, machine in MACHINES.items() for service in machine.services}
"""Service -> its host."""

LINES: dict[str, dict[str, str]] = {
    "hotline": {"en": "Hotline (lab)", "zh": "热线（演练）"},
    "emergency": {"en": "Emergency analogue lines (lab)", "zh": "应急模拟线路（演练）"},
}

CONTACTS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "leadership": (
        {"en": "Emergency leadership group", "zh": "应急领导小组"},
        ("Leadership group (lab)", "Deputy (lab)"),
    ),
    "cs-lead": ({"en": "Customer-service group leader", "zh": "客服组负责人"}, ("Group leader (lab)",)),
    "shift-lead": ({"en": "Shift leader", "zh": "客服中心班组长"}, ("Shift leader (lab)",)),
    "site-mgr": ({"en": "On-site management", "zh": "现场管理人员"}, ("On-site manager (lab)",)),
    "onsite-ops": ({"en": "On-site maintainers", "zh": "现场运维技术人员"}, ("On-site maintainer (lab)",)),
    "carrier": ({"en": "Carrier's service desk", "zh": "电信运营商"}, ("Carrier's service desk (lab)",)),
    "vendor": ({"en": "Manufacturer's support", "zh": "厂家运维人员"}, ("Manufacturer's support (lab)",)),
    "comms": ({"en": "Communications group", "zh": "通信组"}, ("Communications group (lab)",)),
    "network": ({"en": "Network group", "zh": "网络组"}, ("Network group (lab)",)),
    "maint": ({"en": "Maintenance group", "zh": "检修组"}, ("Maintenance group (lab)",)),
    "cabling-co": ({"en": "Cabling contractor", "zh": "综合布线维保单位"}, ("Cabling contractor (lab)",)),
    "reserve": ({"en": "Reserve staff", "zh": "备用人员"}, ("Reserve staff (lab)",)),
    "agents": ({"en": "Agents on shift", "zh": "当班座席"}, ("Agents (lab)",)),
    "everyone-told": ({"en": "Everyone who was told", "zh": "所有已通知人员"}, ("Everyone who was told (lab)",)),
}
"""Role -> its title, and who answers, in backup order. Nobody in the lab has a number."""
