"""docs/files.md is up to date; our own files give back every layer and optimizer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import table
from making import bits


def test_the_page_is_up_to_date() -> None:
    assert table.PAGE.read_text() == table.page(), "python tests/saving/table.py"


def test_the_figures_are_of_all_that_is_recorded() -> None:
    figures = json.loads(table.FIGURES.read_text())
    measure = "python tests/saving/table.py measure"
    assert set(figures) == set(table.cases()), measure
    for version, case, ending in table.recorded():
        assert figures[case][f"keras{version}.{ending}"] <= 2e-6, measure
    for case, values in figures.items():
        wanted = {f"own.{ending}" for ending in table.OWN}
        if "keras3.keras" in values:
            wanted.add("theirs.keras")
        assert wanted <= set(values), measure
        assert all(value <= 2e-6 for value in values.values()), case


@pytest.mark.filterwarnings("ignore:layer .* was given an input with a mask")
@pytest.mark.filterwarnings("ignore:the file does not say how the model was compiled")
@pytest.mark.parametrize("ending", table.OWN)
def test_our_own_files_give_back_everything(ending: str, tmp_path: Path) -> None:
    path = str(tmp_path / f"it.{ending}")
    for case in table.cases():
        model = table.made(case)
        table.saved(model, path)
        found = table.loaded(case, path)
        assert bits(found.get_weights()) == bits(model.get_weights()), case
        if ending != "weights.h5":
            assert configs(found) == configs(model), case


def configs(model: Any) -> list[Any]:
    """Class and settings of each layer, without how inner ones were built."""

    def plain(part: Any) -> Any:
        if isinstance(part, dict):
            return {k: plain(v) for k, v in part.items() if k != "build_config"}
        if isinstance(part, (list, tuple)):
            return [plain(inner) for inner in part]
        return part

    return [(type(la).__name__, plain(la.get_config())) for la in model.layers]
