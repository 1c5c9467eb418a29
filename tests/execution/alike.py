"""Runs one operation by its plan and by graphql-core, and says where the two differ."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLSchema,
    OperationDefinitionNode,
    execute,
    parse,
    validate,
)
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.execution.documents import Document, Operation
from api.execution.plans import Plan

EXTENSIONS = {"sent": "extensions"}


async def by_core(
    schema: GraphQLSchema, document: Document, operation: Operation, variables: dict[str, Any]
) -> ExecutionResult:
    """What graphql-core's own executor answers."""
    assert document.ast is not None
    found: Any = execute(
        schema,
        document.ast,
        context_value="context",
        variable_values=variables,
        operation_name=operation.name,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
        executor_class=StrawberryGraphQLCoreExecutionContext,
        operation_extensions=EXTENSIONS,
    )
    result: ExecutionResult = await found if optimized_is_awaitable(found) else found
    await _settle()
    return result


async def by_plan(plan: Plan, variables: dict[str, Any]) -> ExecutionResult | None:
    """What the plan answers; None when it does not cover this."""
    found: Any = plan.run(variables, "context", EXTENSIONS, hide_suggestions=False)
    result: ExecutionResult | None = await found if optimized_is_awaitable(found) else found
    await _settle()
    return result


async def alike(
    schema: GraphQLSchema, text: str, variables: dict[str, Any] | None = None
) -> ExecutionResult:
    """The answer to `text`, which plan and graphql-core must agree upon."""
    ast = parse(text)
    assert validate(schema, ast) == []
    document = document_of(ast, text)
    (operation,) = document.operations.values()
    mine = await by_plan(Plan(schema, document, operation), variables or {})
    assert mine is not None, "a plan must cover this"
    theirs = await by_core(schema, document, operation, variables or {})
    assert repr(written(mine.data)) == repr(theirs.data)
    assert told(mine) == told(theirs)
    return mine


def document_of(ast: DocumentNode, text: str = "") -> Document:
    """A document with its operations, as the door makes one of a valid text."""
    nodes = [node for node in ast.definitions if isinstance(node, OperationDefinitionNode)]
    operations = {
        node.name.value if node.name else None: Operation(
            node.name.value if node.name else None, node.operation.value, node
        )
        for node in nodes
    }
    return Document(text=text, ast=ast, operations=operations)


async def _settle() -> None:
    """Let what was left to the background come to its end."""
    for _ in range(40):
        await asyncio.sleep(0)


def written(data: Any) -> Any:
    """What a plan answers, with the moments of UTC as orjson writes them."""
    if isinstance(data, dict):
        return {key: written(value) for key, value in data.items()}
    if isinstance(data, list):
        return [written(value) for value in data]
    if type(data) is datetime and data.tzinfo is UTC:
        return orjson.loads(orjson.dumps(data))
    return data


def told(result: ExecutionResult) -> Counter[Any]:
    """The errors of an answer as a multiset of message, path and locations."""
    return Counter(
        (
            error.message,
            None if error.path is None else tuple(error.path),
            tuple(error.locations or ()),
            repr(error.extensions),
        )
        for error in result.errors or ()
    )
