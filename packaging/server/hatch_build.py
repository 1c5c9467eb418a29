"""Puts `api` and `domain` into the distribution from wherever they are."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGES = ("api", "domain")


class Packages(BuildHookInterface[Any]):
    """Takes the packages from beside this file (an unpacked sdist) or from the repository."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add every package to what is built; an editable build only points at them."""
        if version == "editable":
            return
        here = Path(self.root)
        home = here if (here / PACKAGES[0]).is_dir() else here.parent.parent
        for package in PACKAGES:
            build_data["force_include"][str(home / package)] = package
