"""What is planned once for an operation: which fields run how, as compiled Python.

A plan lives in `Operation.cache`, so it is forgotten with its document. What it does not cover
(introspection, subscriptions, other directives than @skip and @include, very large operations)
runs on graphql-core's executor; that is decided before anything runs.
"""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import strawberry
from graphql import (
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    default_field_resolver,
    default_type_resolver,
)
from graphql.execution.collect_fields import FragmentDetails
from strawberry.execution import optimized_is_awaitable

from api.execution import introspected, seams
from api.execution.arguments import Prepared, Variables, arguments
from api.execution.documents import Document, Operation
from api.execution.running import Run
from api.execution.selections import Field, NotCovered, Reader, Selection, flags
from api.execution.source import Source

VARIANTS_MAX: Final = 8
"""Plans kept for one operation: one for each combination of @skip and @include in use."""

KEY: Final = ("plan",)
"""Where an operation's plan lies in its cache."""

Mixed: TypeAlias = Callable[..., Any]

found: ContextVar[Literal["hit", "miss", "fallback"] | None] = ContextVar("found", default=None)
"""What the last run found: a plan at hand, one made for it, or none; None if it was remembered."""


@dataclass(slots=True, eq=False)
class Step:
    """A field whose resolver is called, exactly once for each of its objects."""

    field: Field
    nodes: list[FieldNode]
    resolve: Callable[..., Any]
    arguments: Prepared | None
    complete: Callable[[Any, Any], Any] | None


class Variant:
    """A plan for one set of values of the variables that @skip and @include read."""

    def __init__(self, title: str, reader: Reader) -> None:
        self.root = reader.root()
        self.serial = reader.operation.operation.value == "mutation"
        self.grouped = {field.key: field.details for field in self.root.fields}
        self.fields = reader.fields
        self.selections = reader.selections
        self._source = Source(title)
        self.steps = {one.slot: self._step(one) for one in self.fields if not one.plain}
        self.steps_by_details = {id(one.field.details): one for one in self.steps.values()}
        self._mixed: dict[int, Mixed] = {}

    def _step(self, field: Field) -> Step:
        node = field.details[0].node
        value = field.value
        return Step(
            field=field,
            nodes=[one.node for one in field.details],
            resolve=field.definition.resolve or default_field_resolver,
            arguments=arguments(field.definition, node),
            complete=self._source.value(field, value) if value.plain else None,
        )

    def mixed(self, selection: Selection) -> Mixed:
        """The function that executes a selection field by field; made when it is first needed."""
        made = self._mixed.get(id(selection))
        if made is None:
            made = self._mixed[id(selection)] = self._source.mixed(selection, self.steps)
        return made


class Plan:
    """The plan of one operation, and the way to run it."""

    def __init__(self, schema: GraphQLSchema, document: Document, operation: Operation) -> None:
        if document.ast is None or operation.kind == "subscription":
            raise NotCovered
        nodes = [n for n in document.ast.definitions if isinstance(n, FragmentDefinitionNode)]
        self.schema = schema
        self.operation = operation
        self.definitions = {node.name.value: node for node in nodes}
        self.fragments = {name: FragmentDetails(node) for name, node in self.definitions.items()}
        self.variables = Variables(schema, operation.node)
        self.flags = flags(operation.node, self.fragments)
        self.variants: dict[tuple[bool, ...], Variant | None] = {}
        if not self.flags:
            self._variant(())

    def variant(self, values: dict[str, Any]) -> Variant | None:
        """The plan for these variables; None when graphql-core must run the operation."""
        chosen = tuple([values.get(name) for name in self.flags])
        if chosen in self.variants:
            return self.variants[chosen]
        usual = all(type(one) is bool for one in chosen)
        return self._variant(chosen) if usual and len(self.variants) < VARIANTS_MAX else None

    def _variant(self, values: tuple[Any, ...]) -> Variant | None:
        chosen = dict(zip(self.flags, values, strict=True))
        reader = Reader(self.schema, self.operation.node, self.fragments, chosen)
        try:
            made: Variant | None = Variant(self.operation.name or "unnamed", reader)
        except (NotCovered, GraphQLError, RecursionError):
            made = None
        self.variants[values] = made
        return made

    def run(
        self,
        variables: dict[str, Any],
        context: Any,
        extensions: dict[str, Any],
        *,
        hide_suggestions: bool,
    ) -> ExecutionResult | Awaitable[ExecutionResult] | None:
        """The result, or an awaitable of it; None when graphql-core must run the operation.

        Its `data` is for orjson: moments of UTC are not yet text, and a thing with an id that
        stands at several places is one object.
        """
        values = self.variables.coerced(variables, hide_suggestions=hide_suggestions)
        if isinstance(values, list):
            return ExecutionResult(None, errors=values)
        variant = self.variant(values.coerced)
        if variant is None:
            return None
        run = Run(
            self.schema,
            self.definitions,
            self.fragments,
            None,
            context,
            self.operation.node,
            values,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            is_awaitable=optimized_is_awaitable,
            hide_suggestions=hide_suggestions,
            operation_extensions=extensions,
        )
        run.variant = variant
        return run.perform()


def run(
    schema: strawberry.Schema,
    document: Document,
    operation: Operation,
    *,
    variables: dict[str, Any],
    context: Any,
    extensions: dict[str, Any],
    hide_suggestions: bool,
    compiled: bool = True,
) -> ExecutionResult | Awaitable[ExecutionResult]:
    """Execute one operation by its plan, or by graphql-core when nothing covers it.

    The answer is the same either way; `compiled` False asks for graphql-core alone.
    """
    core = seams.core(schema)
    place = introspected.place_of(document, operation, variables) if compiled else None
    known = introspected.remembered(core, place) if place is not None else None
    if known is not None:
        found.set(None)
        return known
    at_hand = KEY in operation.cache
    plan = plan_of(core, document, operation) if compiled else None
    if plan is not None:
        variants = len(plan.variants)
        result = plan.run(variables, context, extensions, hide_suggestions=hide_suggestions)
        if result is not None:
            found.set("hit" if at_hand and variants == len(plan.variants) else "miss")
            return result
    found.set("fallback")
    made = seams.run(
        schema,
        document,
        operation,
        variables=variables,
        context=context,
        extensions=extensions,
        hide_suggestions=hide_suggestions,
    )
    if place is not None and isinstance(made, ExecutionResult):
        introspected.remember(core, place, made)
    return made


def plan_of(schema: GraphQLSchema, document: Document, operation: Operation) -> Plan | None:
    """The plan of an operation, made once; None when nothing covers it."""
    made: Plan | None = operation.cache.get(KEY)
    if made is None and KEY not in operation.cache:
        try:
            made = Plan(schema, document, operation)
        except (NotCovered, RecursionError):
            made = None
        operation.cache[KEY] = made
    return made
