"""One run of a plan: graphql-core's executor, its walks of the syntax tree replaced by the plan's.

The methods here follow executor.py of graphql-core 3.3.2 line by line where they take the place
of its own; all that is unusual ends in the methods that are not replaced.
"""

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from graphql import ExecutionResult, GraphQLError
from graphql.pyutils import Path, gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.execution.checks import Unusual
from api.execution.seams import Shown, pathless

if TYPE_CHECKING:
    from api.execution.plans import Step, Variant


class Run(StrawberryGraphQLCoreExecutionContext):
    """The state of one execution; `variant` says what is done, `raw` and `shown` keep infos."""

    variant: "Variant"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.raw: dict[int, Any] = {}
        self.shown: dict[int, Any] = {}

    def perform(self) -> ExecutionResult | Awaitable[ExecutionResult]:
        """Run the operation (execute_operation, line 579); queries at once, mutations in turn."""
        variant = self.variant
        try:
            if variant.serial:
                data = self.execute_fields_serially(
                    variant.root.type, self.root_value, None, variant.grouped, None
                )
            else:
                data = variant.mixed(variant.root)(self.root_value, self, None)
            if self.is_awaitable(data):
                return self._finished(data)
        except GraphQLError as error:
            self.collected_errors.add(error, None)
            data = None
        return self._response(data)

    async def _finished(self, waiting: Awaitable[Any]) -> ExecutionResult:
        try:
            data = await waiting
        except GraphQLError as error:
            self.collected_errors.add(error, None)
            data = None
        return self._response(data)

    def _response(self, data: Any) -> ExecutionResult:
        if not self.background_futures:  # else somebody may still ask for them
            self._let_go()
        return ExecutionResult(data, self.collected_errors.errors or None)

    def _let_go(self) -> None:
        """Forget what refers back to this run: then it goes at once, and collects no garbage."""
        self.raw, self.shown = {}, {}
        del self.async_helpers

    # -- fields ----------------------------------------------------------------------------------

    def execute_field(
        self, parent_type: Any, source: Any, field_details_list: Any, path: Any, context: Any
    ) -> Any:
        """The plan's step where there is one, else graphql-core's own way."""
        step = self.variant.steps_by_details.get(id(field_details_list))
        if step is not None:
            return self.step(step, source, path)
        return super().execute_field(parent_type, source, field_details_list, path, context)

    def step(self, step: "Step", source: Any, path: Path) -> Any:
        """Call a resolver, once, and complete what it answers (execute_field, line 950)."""
        field = step.field
        info = self.build_resolve_info(field.definition, list(step.nodes), field.parent, path)
        try:
            made = step.arguments
            arguments = {} if made is None else made(self.variable_values, self.hide_suggestions)
            result = step.resolve(source, info, **arguments)
            if self.is_awaitable(result):
                return self._awaited(step, info, path, result)
            completed = self._completed(step, info, path, result)
            if self.is_awaitable(completed):
                return self._guarded(step, path, completed)
        except Exception as error:  # noqa: BLE001 # located, and told or raised
            self.handle_field_error(error, field.definition.type, field.details, path)
            return None
        return completed

    async def _awaited(self, step: "Step", info: Any, path: Path, result: Awaitable[Any]) -> Any:
        try:
            completed = self._completed(step, info, path, await result)
            if self.is_awaitable(completed):
                completed = await completed
        except Exception as error:  # noqa: BLE001 # as above
            field = step.field
            self.handle_field_error(error, field.definition.type, field.details, path)
            return None
        return completed

    async def _guarded(self, step: "Step", path: Path, completed: Awaitable[Any]) -> Any:
        try:
            return await completed
        except Exception as error:  # noqa: BLE001 # as above
            field = step.field
            self.handle_field_error(error, field.definition.type, field.details, path)
            return None

    def _completed(self, step: "Step", info: Any, path: Path, result: Any) -> Any:
        if step.complete is not None:
            try:
                return step.complete(result, self)
            except (Exception, Unusual):  # noqa: BLE001, S110 # found again, with its path
                pass
        field = step.field
        return self.complete_value(field.definition.type, field.details, info, path, result, None)

    # -- objects ---------------------------------------------------------------------------------

    def collect_and_execute_subfields(
        self, return_type: Any, field_details_list: Any, path: Any, result: Any, context: Any
    ) -> Any:
        """The fields of an object by the plan, where it knows them."""
        variant = self.variant
        selection = variant.selections.get((return_type.name, id(field_details_list)))
        if selection is None:
            return super().collect_and_execute_subfields(
                return_type, field_details_list, path, result, context
            )
        return variant.mixed(selection)(result, self, path)

    async def gathered(self, made: dict[str, Any], waiting: list[str]) -> dict[str, Any]:
        """Await the fields of an object together (execute_fields, line 925)."""
        if len(waiting) == 1:
            made[waiting[0]] = await made[waiting[0]]
        else:
            found = await gather_with_cancel(*(made[key] for key in waiting))
            made.update(zip(waiting, found, strict=True))
        return made

    async def together(self, made: dict[str, Any], waiting: list[str]) -> dict[str, Any]:
        """As `gathered`, for the root of a query whose fields may all be null.

        None of them ever raises, so none is cancelled for another's sake, and the first needs no
        task of its own: it begins a turn of the loop before the others and is behind them in each
        turn, which for what each does before and after the others comes to the same.
        """
        first, *others = waiting
        tasks = [asyncio.ensure_future(made[key]) for key in others]
        try:
            made[first] = await made[first]
            for key, task in zip(others, tasks, strict=True):
                made[key] = await task
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
        return made

    # -- infos of plain fields -------------------------------------------------------------------

    def raw_info(self, slot: int) -> Any:
        """graphql-core's info of a plain field, for all its objects: asking for its path raises."""
        field = self.variant.fields[slot]
        nodes = [one.node for one in field.details]
        nowhere: Any = None
        full = self.build_resolve_info(field.definition, nodes, field.parent, nowhere)
        found = self.raw[slot] = pathless(full)
        return found

    def shown_info(self, slot: int) -> Any:
        """Strawberry's info of a plain field."""
        read = self.variant.fields[slot].read
        definition = read.definition if read else None
        found = self.shown[slot] = Shown(
            self.context_value, definition, lambda: self.raw.get(slot) or self.raw_info(slot)
        )
        return found
