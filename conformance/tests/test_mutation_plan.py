"""What `tox -e mutation` is told: files that are there, and reasons for survivors that can be."""

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "conformance" / "mutation"


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text("utf-8"))


def test_every_module_and_test_of_the_plan_is_there_and_no_module_twice() -> None:
    groups = read("plan.toml")["group"]
    modules = [module for group in groups for module in group["modules"]]
    tests = {test for group in groups for test in group["tests"]}

    assert [path for path in {*modules, *tests} if not (ROOT / path).is_file()] == []
    assert len(modules) == len(set(modules))


def test_reasons_for_survivors_are_about_modules_of_the_plan_and_can_be_read() -> None:
    planned = {
        path.partition("/")[2].removesuffix(".py").replace("/", ".")
        for group in read("plan.toml")["group"]
        for path in group["modules"]
    }
    for each in read("survivors.toml")["survivors"]:
        assert each["module"] in planned
        assert each["why"]
        re.compile(each["like"])


def test_every_file_of_tests_of_the_judging_is_in_the_plan() -> None:
    planned = {Path(test).name for group in read("plan.toml")["group"] for test in group["tests"]}

    assert {path.name for path in Path(__file__).parent.glob("test_judging_*.py")} <= planned
