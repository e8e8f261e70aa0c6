"""What devices print, read as values: recorded outputs of several makers, and what each reader makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model.kind import Result
from runbook.model.ports_of_devices import port_key
from runbook.model.readers import GIVES, READERS, VALUES
from runbook.model.readers.printed import Printed
from runbook.model.replies import CannotAskError

RECORDED = Path(__file__).parent / "recorded"
BOUND, OTHER = "00:e0:fc:12:34:56", "00:e0:fc:99:00:01"


def read(reader: str, recorded: str, *, status: int | None = 0, port: str = "", binding: str = "") -> Result:
    text = (RECORDED / f"{recorded}.txt").read_text(encoding="utf-8")
    return READERS[reader](Printed(text, "", status, port, binding))


MAKERS = pytest.mark.parametrize("maker", ["huawei", "h3c", "cisco", "ruijie"])


@MAKERS
@pytest.mark.parametrize(
    ("binding", "result", "outcome"),
    [(BOUND, "same", "passed"), (OTHER, "different", "failed"), ("", "no_binding", "warned")],
)
def test_the_mac_of_a_port_is_extracted_and_compared_with_its_binding(
    maker: str, binding: str, result: str, outcome: str
) -> None:
    """CAP-038: different, same and no binding give three different results."""
    found = read("mac", f"mac-{maker}", port="GE0/0/24", binding=binding)
    assert found.values["mac"] == BOUND
    assert (found.values["result"], found.outcome, found.values["bound"]) == (result, outcome, binding or None)
    assert found.found.startswith(f"{result}: {BOUND}")


@MAKERS
@pytest.mark.parametrize("port", ["GigabitEthernet0/0/24", "Gi0/0/24", "gigabitethernet 0/0/24"])
def test_a_port_is_the_same_in_every_makers_spelling(maker: str, port: str) -> None:
    assert read("mac", f"mac-{maker}", port=port, binding=BOUND).values["result"] == "same"


@MAKERS
def test_a_port_without_an_entry_is_none(maker: str) -> None:
    found = read("mac", f"mac-{maker}", port="GE0/0/9", binding=BOUND)
    assert (found.values["mac"], found.values["result"], found.outcome) == (None, "none", "failed")


def test_an_empty_table_is_none() -> None:
    assert read("mac", "mac-none", port="GE0/0/24", binding=BOUND).values["result"] == "none"


def test_a_second_station_beside_the_bound_one_is_different() -> None:
    text = f"{BOUND} 10 GE0/0/24\n{OTHER} 10 GE0/0/24\n"
    found = READERS["mac"](Printed(text, port="GE0/0/24", binding="00e0-fc12-3456"))
    assert (found.values["mac"], found.values["seen_count"]) == (f"{BOUND},{OTHER}", 2)
    assert found.values["result"] == "different"


def test_an_aggregated_port_is_read_by_its_name() -> None:
    assert read("mac", "mac-huawei", port="Eth-Trunk1", binding="4c1fcc001111").values["result"] == "same"


@pytest.mark.parametrize("recorded", ["refused-huawei", "refused-cisco"])
@pytest.mark.parametrize("reader", ["mac", "trunk", "optical"])
def test_a_command_that_the_device_did_not_take_is_no_finding(reader: str, recorded: str) -> None:
    with pytest.raises(CannotAskError):
        read(reader, recorded, port="GE0/0/24", binding=BOUND)


@pytest.mark.parametrize("reader", ["mac", "trunk", "optical"])
def test_a_command_that_failed_is_no_finding(reader: str) -> None:
    with pytest.raises(CannotAskError, match="ended with 1"):
        read(reader, "mac-huawei", status=1)


@pytest.mark.parametrize(
    ("recorded", "up", "down", "state", "outcome"),
    [
        ("trunk-huawei", 2, 2, "part", "failed"),
        ("trunk-gateway", 2, 0, "up", "passed"),
        ("trunk-pbx", 0, 2, "down", "failed"),
    ],
)
def test_trunks_are_counted_and_one_that_is_half_up_is_down(
    recorded: str, up: int, down: int, state: str, outcome: str
) -> None:
    found = read("trunk", recorded)
    assert (found.values["up_count"], found.values["down_count"], found.values["state"]) == (up, down, state)
    assert found.outcome == outcome


@pytest.mark.parametrize(("maker", "rx"), [("huawei", -26.37), ("h3c", -16.37), ("cisco", -26.37), ("ruijie", -26.37)])
def test_optical_power_is_read_in_both_directions_and_thresholds_are_none(maker: str, rx: float) -> None:
    found = read("optical", f"optical-{maker}")
    assert (found.values["rx_dbm"], found.values["tx_dbm"], found.outcome) == (rx, -5.94, "passed")


def test_a_fibre_without_light_failed() -> None:
    found = read("optical", "optical-dark")
    assert (found.values["rx_dbm"], found.values["tx_dbm"], found.outcome) == (None, -2.1, "failed")
    assert found.found == "rx no light, tx -2.1 dBm"


@pytest.mark.parametrize("reader", ["trunk", "optical"])
@pytest.mark.parametrize("text", ["", "Welcome\n", "Uptime: 3 days\nUp/Down counters\n"])
def test_an_output_that_holds_nothing_of_the_kind_could_not_be_asked(reader: str, text: str) -> None:
    with pytest.raises(CannotAskError, match=f"reader {reader}"):
        READERS[reader](Printed(text))


@pytest.mark.parametrize(("status", "outcome"), [(0, "passed"), (1, "failed"), (255, "failed"), (None, "warned")])
def test_the_exit_status_is_a_value(status: int | None, outcome: str) -> None:
    found = READERS["exit"](Printed("success\n", "", status))
    assert (found.values, found.outcome) == ({"exit_status": status}, outcome)


def test_the_text_is_kept_up_to_a_bound_and_its_first_line_is_found() -> None:
    found = READERS["text"](Printed("version 1.2\n" + "x" * 10_000))
    assert len(str(found.values["text"])) == 4000
    assert (found.found, found.outcome) == ("version 1.2 (+1 lines)", "passed")


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=300), reader=st.sampled_from(sorted(READERS)))
def test_no_output_breaks_a_reader_and_its_values_are_documented(text: str, reader: str) -> None:
    try:
        found = READERS[reader](Printed(text, port="GE0/0/1", binding=BOUND))
    except CannotAskError:
        return
    assert set(found.values) <= set(VALUES)


@pytest.mark.parametrize(
    ("reader", "recorded"),
    [
        ("exit", "mac-none"),
        ("text", "mac-none"),
        ("trunk", "trunk-pbx"),
        ("mac", "mac-h3c"),
        ("optical", "optical-h3c"),
    ],
)
def test_a_reader_gives_the_values_that_the_site_file_may_name(reader: str, recorded: str) -> None:
    assert set(read(reader, recorded).values) == set(GIVES[reader])
    assert set(VALUES) == {name for names in GIVES.values() for name in names}


def test_ports_of_other_kinds_and_numbers_differ() -> None:
    keys = {port_key(name) for name in ("GE0/0/1", "XGE0/0/1", "GE0/0/11", "FE0/0/1", "Eth-Trunk1", "24", "weird name")}
    assert len(keys) == 7
