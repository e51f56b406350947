"""batch: keys, references, halt, lengths, and the maps that turn into lists."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from b24kit.sandbox.server import Sandbox
from tests.sandbox.wire import Wire, quiet


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with quiet() as running:
        yield running


@pytest.fixture
def wire(box: Sandbox) -> Iterator[Wire]:
    box.control.reset()
    box.control.seed({"kind": "empty"})
    made = Wire(box)
    yield made
    made.close()


def test_each_command_has_an_outcome_of_its_own(wire: Wire) -> None:
    status, body = wire.call(
        "batch", {"cmd": {"good": "crm.lead.add?fields[TITLE]=A", "bad": "crm.lead.get?id=77", "none": "no.such"}}
    )
    assert status == 200
    result = body["result"]
    assert result["result"] == {"good": 1}
    assert set(result["result_error"]) == {"bad", "none"}
    assert result["result_error"]["none"] == {
        "error": "ERROR_METHOD_NOT_FOUND",
        "error_description": "Method not found!",
    }
    assert set(result["result_time"]) == {"good"}
    assert "operating" not in result["result_time"]["good"]
    assert body["time"]["duration"] >= 0


def test_empty_maps_are_lists(wire: Wire) -> None:
    result = wire.batch(a="server.time")
    assert (result["result_error"], result["result_total"], result["result_next"]) == ([], [], [])
    assert wire.result("batch", {"cmd": {}})["result"] == []
    assert wire.result("batch")["result"] == []


def test_keys_from_nought_up_become_a_list(wire: Wire) -> None:
    result = wire.result("batch", {"cmd": ["crm.lead.add?fields[TITLE]=A", "no.such", "no.such"]})
    assert result["result"] == [1]
    assert isinstance(result["result_error"], dict)  # its keys are 1 and 2
    both_bad = wire.result("batch", {"cmd": {"0": "no.such", "1": "no.such"}})
    assert [error["error"] for error in both_bad["result_error"]] == ["ERROR_METHOD_NOT_FOUND"] * 2


def test_a_reference_that_is_the_whole_value_keeps_its_type(wire: Wire) -> None:
    result = wire.batch(
        lead="crm.lead.add?fields[TITLE]=A",
        more="crm.lead.add?fields[TITLE]=B",
        rows="crm.lead.list?select[]=ID&order[ID]=ASC",
        found="crm.lead.list?select[]=ID&filter[@ID][]=$result[lead]&filter[@ID][]=$result[more]",
        last="crm.lead.get?id=$result[rows][1][ID]",
    )
    assert result["result_error"] == []
    assert [row["ID"] for row in result["result"]["found"]] == ["1", "2"]
    assert result["result"]["last"]["TITLE"] == "B"
    assert result["result_total"] == {"rows": 2, "found": 2}


def test_an_embedded_reference_becomes_text(wire: Wire) -> None:
    wire.batch(
        "crm.lead.add?fields[TITLE]=A",
        "crm.lead.add?fields[TITLE]=after lead $result[c0], of $total[list].",
        "crm.lead.list?select[]=ID",
        "crm.lead.add?fields[TITLE]=$total[c2] leads and $result[c2][0][ID]x and $result[c2]",
    )
    assert wire.leads() == {"1": "A", "2": "after lead 1, of Array.", "3": "2 leads and 1x and Array"}


def test_errors_and_times_can_be_referred_to(wire: Wire) -> None:
    wire.batch("crm.lead.get?id=99", "crm.lead.add?fields[TITLE]=$error[c0][error_description]")
    assert wire.leads() == {"1": "Not found"}


def test_a_reference_past_the_end_stops_at_the_deepest_part(wire: Wire) -> None:
    wire.batch("crm.lead.add?fields[TITLE]=A")
    result = wire.batch(
        "crm.lead.list?select[]=ID&start=-1", "crm.lead.add?fields[TITLE]=[$result[c0][49][ID]] $result[c0][0][NO][ID]"
    )
    assert result["result_error"] == []
    assert wire.leads()["2"] == "[Array] Array"


def test_a_chain_of_fifty_pages_reads_all_leads(wire: Wire) -> None:
    for _ in range(3):
        wire.batch(*(f"crm.lead.add?fields[TITLE]=L{number}" for number in range(50)))
    first = "crm.lead.list?start=-1&order[ID]=ASC&select[]=ID&filter[>ID]=0"
    chain = [first] + [first.replace("=0", f"=$result[c{number}][49][ID]") for number in range(2)]
    result = wire.batch(*chain, halt=1)
    pages = [result["result"][f"c{number}"] for number in range(3)]
    assert [row["ID"] for page in pages for row in page] == [str(number) for number in range(1, 151)]
    assert result["result_next"] == []


def test_halt_stops_at_the_first_refusal(wire: Wire) -> None:
    result = wire.batch("crm.lead.add?fields[TITLE]=A", "crm.lead.get?id=99", "crm.lead.add?fields[TITLE]=B", halt=1)
    assert list(result["result"]) == ["c0"]
    assert list(result["result_error"]) == ["c1"]
    assert wire.leads() == {"1": "A"}


def test_without_halt_the_rest_goes_on(wire: Wire) -> None:
    result = wire.batch("crm.lead.get?id=99", "crm.lead.add?fields[TITLE]=B")
    assert result["result"] == {"c1": 1}


def test_commands_past_fifty_are_refused_one_by_one(wire: Wire) -> None:
    result = wire.batch(*("crm.lead.add?fields[TITLE]=A" for _ in range(53)))
    assert len(result["result"]) == 50
    assert {key: error["error"] for key, error in result["result_error"].items()} == dict.fromkeys(
        ["c50", "c51", "c52"], "ERROR_BATCH_LENGTH_EXCEEDED"
    )
    assert len(wire.leads()) == 50


def test_a_batch_inside_a_batch_is_refused(wire: Wire) -> None:
    result = wire.batch(inner="batch?cmd[a]=server.time")
    assert result["result_error"]["inner"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"


def test_what_is_no_text_is_skipped_without_a_trace(wire: Wire) -> None:
    result = wire.result("batch", {"cmd": {"a": 5, "b": None, "c": ["x"], "d": "crm.lead.add?fields[TITLE]=A"}})
    assert (result["result"], result["result_error"]) == ({"d": 1}, [])


def test_values_are_decoded_once_and_plus_is_a_space(wire: Wire) -> None:
    wire.batch("crm.lead.add?fields[TITLE]=a+b%2Bc%26d%3D%D0%96")
    assert wire.leads() == {"1": "a b+c&d=Ж"}


def test_a_batch_can_come_as_a_form(wire: Wire) -> None:
    body = "halt=0&cmd[one]=crm.lead.add%3Ffields%5BTITLE%5D%3Dx%2526y&cmd[two]=crm.lead.get%3Fid%3D%24result%5Bone%5D"
    status, answer = wire.send("POST", wire.path + "batch.json", body, "application/x-www-form-urlencoded")
    assert status == 200
    assert answer["result"]["result"]["two"]["TITLE"] == "x&y"
    status, answer = wire.send("GET", wire.path + "batch?" + body)
    assert answer["result"]["result"]["one"] == 2


def test_method_names_take_any_case(wire: Wire) -> None:
    assert wire.batch("CRM.Lead.Add?fields[TITLE]=A")["result"] == {"c0": 1}


def test_arguments_that_clash_refuse_their_command_only(wire: Wire) -> None:
    result = wire.batch("crm.lead.list?filter=1&filter[ID]=2", "server.time")
    assert list(result["result_error"]) == ["c0"]
    assert "c1" in result["result"]
