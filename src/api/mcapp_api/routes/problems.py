"""/api/problems: explains the `type` of an error."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from ..database.reasons import Code
from ..openapi import problems
from ..problems import Kind, ProblemError

router = APIRouter(prefix="/api/problems", tags=["problems"])


class ProblemKind(BaseModel):
    """A kind of problem."""

    type: str = Field(examples=[Kind.NOT_FOUND.type])
    title: str = Field(examples=[Kind.NOT_FOUND.title])
    status: int = Field(examples=[Kind.NOT_FOUND.status])
    meaning: str = Field(examples=[Kind.NOT_FOUND.meaning])
    codes: dict[Code, str] | None = Field(
        description="Each `code` that the kind can have, and its meaning; null for a kind without codes.",
        examples=[None, {Code.REFUSED: Code.REFUSED.meaning}],
    )


# The code `schema` is a kind of its own.
_CODES: dict[Code, str] = {code: code.meaning for code in Code if code is not Code.SCHEMA}
_CATALOGUE = {
    kind.slug: ProblemKind(
        type=kind.type,
        title=kind.title,
        status=kind.status,
        meaning=kind.meaning,
        codes=_CODES if kind is Kind.DATABASE else None,
    )
    for kind in Kind
}


@router.get("")
async def list_problems() -> list[ProblemKind]:
    """List every kind of problem."""
    return list(_CATALOGUE.values())


@router.get("/{slug}", responses=problems(Kind.NOT_FOUND))
async def read_problem(slug: str) -> ProblemKind:
    """Explain one kind of problem."""
    if slug not in _CATALOGUE:
        raise ProblemError(Kind.NOT_FOUND)
    return _CATALOGUE[slug]
