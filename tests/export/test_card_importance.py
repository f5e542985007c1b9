from coeval.export.card_importance import SHOWN, importance_section


def recorded(count, left=0):
    columns = [
        {"name": f"c{n}", "loss": 1.0 / (n + 1), "low": 0.001, "high": 0.5, "repeats": 5}
        for n in range(count)
    ]
    return {"columns": columns, "left": left, "score": 0.3, "rows": 1234, "on": "the model, so"}


def test_the_columns_stand_in_a_table_with_their_intervals():
    said = importance_section(recorded(3), "log loss")
    assert said.startswith("## What each column is worth")
    assert "By how much log loss gets worse" in said
    assert "the model, so: 1,234 of them" in said
    assert "| c1 | 0.5 | 0.001 to 0.5 |" in said
    assert "more" not in said.splitlines()[-1]


def test_columns_that_are_not_shown_or_were_not_measured_are_counted():
    assert importance_section(recorded(SHOWN + 2, left=5), "r2").endswith("| … and 7 more | | |")
    assert importance_section(recorded(2, left=5), "r2").endswith("| … and 5 more | | |")


def test_a_hostile_name_breaks_no_table_and_an_unknown_interval_is_left_empty():
    found = recorded(1)
    found["columns"] = [{"name": "a|b\nc", "loss": 0.1, "repeats": 1}]
    assert "| a\\|b c | 0.1 |  |" in importance_section(found, "r2")


def test_nothing_measured_is_no_section():
    assert importance_section(None, "r2") == ""
