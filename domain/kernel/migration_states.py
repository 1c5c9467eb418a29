"""What the tables look like between two migrations, kept without making every model class anew.

Before each operation Tortoise copies the classes of all models, and after it finishes all of them
again. Here a copy is made when somebody looks into it, and only what changed is finished.
"""

from collections.abc import Collection
from typing import Any

from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model

Classes = dict[str, dict[str, type[Model]]]
States = dict[tuple[str, str], ModelState]


class LateApps(StateApps):
    """The model classes of a state; those of a copy come into being at the first look."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._later: States | None = None
        self._fresh: Classes = {}
        super().__init__(*args, **kwargs)

    @property
    def apps(self) -> Classes:
        """The classes, by the label of the app and the name."""
        if self._later is not None:
            states, self._later = self._later, None
            self._made = super().clone(states).apps
        return self._made

    @apps.setter
    def apps(self, made: Classes) -> None:
        self._made = made

    def clone(self, model_states: States | None = None) -> "LateApps":
        """A copy as of now, of which nothing is made yet."""
        if model_states is None:
            raise ValueError("a copy is made of the states of its models")
        copy = LateApps(self._default_connections, self._connections)
        copy._later = model_states
        return copy

    def register_model(self, app_label: str, model: type[Model]) -> None:
        """As Tortoise's; the class is finished with the others that are new."""
        super().register_model(app_label, model)
        self._fresh.setdefault(app_label, {})[model.__name__] = model

    def _build_initial_querysets(self) -> None:
        everything, self._made, self._fresh = self.apps, self._fresh, {}
        try:
            super()._build_initial_querysets()
        finally:
            self._made = everything


class LateExecutor(MigrationExecutor):
    """Tortoise's executor over such states."""

    async def _project_state(
        self, applied: Collection[MigrationKey], *, upto: MigrationKey | None = None
    ) -> State:
        state = await super()._project_state(set())
        state.apps = LateApps(state.apps._default_connections)
        for key in self._full_plan():
            if key == upto:
                break
            migration = self.loader.graph.nodes[key]
            if migration is not None and key in applied:
                await migration.apply(state, dry_run=True)
        return state
