import pytest

from coeval.errors import BudgetError
from coeval.run.quantities import parse_bytes, parse_count, parse_milliseconds, said


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("200k", 200_000),
        ("1.5M", 1_500_000),
        ("20_000", 20_000),
        ("7", 7),
        ("2,000", 2000),
        (90, 90),
        (".5k", 500),
    ],
)
def test_counts_are_read_with_their_units(text, count):
    assert parse_count(text, "--max-parameters") == count


@pytest.mark.parametrize("text", ["many", "", "-3", "0", "0.2", "5 ms", "1e6x", "k"])
def test_what_is_no_count_says_how_to_write_one(text):
    with pytest.raises(BudgetError, match=r"--max-macs must be a number of at least 1, got .*200k"):
        parse_count(text, "--max-macs")


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("5ms", 5), ("300us", 0.3), ("300µs", 0.3), ("0.1 s", 100), ("2S", 2000)],
)
def test_times_are_read_with_their_units(text, milliseconds):
    assert parse_milliseconds(text, "--max-latency") == pytest.approx(milliseconds)


def test_a_time_without_a_unit_is_asked_for_it():
    with pytest.raises(
        BudgetError, match=r"--max-latency must say its unit, got '5'. Did you mean 5ms"
    ):
        parse_milliseconds("5", "--max-latency")


@pytest.mark.parametrize("text", ["fast", "0ms", "-1ms", "5m"])
def test_what_is_no_time_says_how_to_write_one(text):
    with pytest.raises(BudgetError, match=r"--max-latency must be a time above 0, got .*Write 5ms"):
        parse_milliseconds(text, "--max-latency")


def test_sizes_are_read_with_their_units():
    assert parse_bytes("8MB", "--max-memory") == 8_000_000
    assert parse_bytes("500kB", "--max-memory") == 500_000


@pytest.mark.parametrize("text", ["8", "0.5"])
def test_a_size_without_a_unit_is_asked_for_it(text):
    with pytest.raises(BudgetError, match="--max-memory must say its unit"):
        parse_bytes(text, "--max-memory")


@pytest.mark.parametrize("text", ["plenty", "0MB", "-1MB"])
def test_what_is_no_size_says_how_to_write_one(text):
    with pytest.raises(BudgetError, match="--max-memory must be"):
        parse_bytes(text, "--max-memory")


def test_amounts_are_said_as_people_read_them():
    assert said("latency_ms", 1.2345) == "1.23 ms"
    assert said("inference_bytes", 12_000) == "12 KB"
    assert said("parameters", 12_345) == "12,345"
