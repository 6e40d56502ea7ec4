"""The description of the interface (OpenAPI): summaries, and every refusal with its type."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from django.utils.translation import override
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent

from healthcode.web.errors import Refusal
from healthcode.web.problems import type_of
from healthcode.web.refusals import refusals_of, sentence_of

_REQUIRED: Final = ("type", "title", "status", "detail")
_RETRY_AFTER: Final = {
    "description": "After how many seconds to try again.",
    "schema": {"type": "integer"},
}
_AUTHENTICATE: Final = {"description": "How to log in.", "schema": {"type": "string"}}


class Generator(SchemaGenerator):
    """Describe the interface in English for every reader, because clients are generated from it."""

    def get_schema(self, *args: Any, **kwargs: Any) -> Any:
        with override("en"):
            return super().get_schema(*args, **kwargs)  # type: ignore[no-untyped-call]  # the library's


def described() -> dict[str, Any]:
    """Return the description of the interface as clients get it."""
    generator = Generator()  # type: ignore[no-untyped-call]  # the library's
    found: dict[str, Any] = generator.get_schema(request=None, public=True)
    return found


class Schema(AutoSchema):
    """Describe an operation with everything that it can be refused for."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Return the operation; None when it is not described."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None:
            refusals = refusals_of(self.view, operation, self.method)
            operation["responses"].update(responses(refusals, self.registry))
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True  # no call does anything without it
        return operation

    def get_auth(self) -> list[dict[str, Any]]:
        """Return who may call; empty when anybody may, because generators read `{}` as a token."""
        return [scheme for scheme in super().get_auth() if scheme]

    def get_summary(self) -> str:
        """Return the first line of the method's docstring."""
        first, *_more = self.get_description().splitlines()
        return first.rstrip(".")


class ProblemFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # its hook
    """Describe a `ProblemField`. drf-spectacular finds this class through its base class."""

    target_class = "healthcode.web.fields.ProblemField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """Return the problem documents that the field can hold."""
        return one_of(self.target.refusals, auto_schema.registry)


def responses(
    refusals: Iterable[type[Refusal]], registry: ComponentRegistry
) -> dict[str, dict[str, Any]]:
    """Return the answers for these refusals, by status."""
    by_status: dict[int, list[type[Refusal]]] = defaultdict(list)
    for refusal in refusals:
        by_status[refusal.status].append(refusal)
    return {
        str(status): _response(status, by_status[status], registry) for status in sorted(by_status)
    }


def _response(
    status: int, refusals: list[type[Refusal]], registry: ComponentRegistry
) -> dict[str, Any]:
    refusals.sort(key=lambda refusal: refusal.slug)
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = _AUTHENTICATE
    if any(refusal.retry_after is not None or _waits(refusal) for refusal in refusals):
        headers["Retry-After"] = _RETRY_AFTER
    by_form: dict[str, list[type[Refusal]]] = defaultdict(list)
    for refusal in refusals:
        by_form[refusal.media_type].append(refusal)
    return {
        "description": " / ".join(str(refusal.title) for refusal in refusals),
        **({"headers": headers} if headers else {}),
        "content": {form: {"schema": one_of(by_form[form], registry)} for form in sorted(by_form)},
    }


def _waits(refusal: type[Refusal]) -> bool:
    return "retry_after" in refusal.extensions


def one_of(refusals: Iterable[type[Refusal]], registry: ComponentRegistry) -> dict[str, Any]:
    """Return the schema for the problem documents of these refusals; `type` tells them apart."""
    references = [_component(refusal, registry).ref for refusal in refusals]
    return references[0] if len(references) == 1 else {"oneOf": references}


def _component(refusal: type[Refusal], registry: ComponentRegistry) -> ResolvedComponent:
    component = ResolvedComponent(  # type: ignore[no-untyped-call]  # the library's
        name="".join(word.capitalize() for word in refusal.slug.split("-")) + "Problem",
        type=ResolvedComponent.SCHEMA,
        schema=document_schema(refusal),
        object=type_of(refusal),
    )
    registry.register_on_missing(component)
    return component


def document_schema(refusal: type[Refusal]) -> dict[str, Any]:
    """Return the JSON Schema of a refusal's problem documents."""
    return {
        "type": "object",
        "description": str(sentence_of(refusal) or refusal.title),
        "properties": {
            "type": {"type": "string", "const": type_of(refusal)},
            "title": {"type": "string"},
            "status": {"type": "integer", "const": refusal.status},
            "detail": {"type": "string", "description": "A sentence for a person."},
            **refusal.extensions,
        },
        "required": list(_REQUIRED),
    }
