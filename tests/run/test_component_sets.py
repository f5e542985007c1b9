from coeval.component.library import NEURAL, SCALAR, TABULAR
from coeval.run.component_sets import TABLES, component_sets, recorded_verdict


def test_every_component_of_the_library_is_in_some_space():
    assert set(TABULAR) <= {one.name for one in TABLES} | {"identity"}
    assert set(TABLES) <= set(NEURAL.values())
    assert [one.name for one in component_sets()["functions"]] == list(SCALAR)


def test_the_presets_use_components_of_their_space():
    presets = {name: set(found) for name, found in component_sets().items() if "preset" in name}
    assert len(presets) == 9
    assert all(found < set(TABLES) for found in presets.values())


def test_the_recorded_verdict_is_one_line_without_a_false_claim():
    assert recorded_verdict(TABLES).startswith("not Turing equivalent")
    assert "\n" not in recorded_verdict(TABLES)
    assert recorded_verdict(SCALAR.values()).startswith("Turing equivalent (T8) on exact numbers")
