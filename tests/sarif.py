"""What SARIF 2.1.0 (OASIS) asks of the parts that reports use, as a JSON schema.

Names, requirements, enumerations and limits are those of the standard's own schema
(docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json), which allows
no property besides its own; those that reports have no use for are left out here, so that a new one
is looked up before it is written.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}


def closed(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """An object of these properties and no other."""
    return {
        "type": "object", "properties": properties, "required": list(required), "additionalProperties": False
    }  # fmt: skip


def listed(items: Schema, *, unique: bool = False) -> Schema:
    return {"type": "array", "items": items, "uniqueItems": unique}


MULTIFORMAT = closed(("text",), text=TEXT, markdown=TEXT)
MESSAGE = {
    **closed(text=TEXT, markdown=TEXT, id=TEXT),
    "anyOf": [{"required": ["text"]}, {"required": ["id"]}],
}
ARTIFACT = closed(uri={**TEXT, "pattern": r"^[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*$"}, uriBaseId=TEXT)
REGION = closed(startLine={"type": "integer", "minimum": 1}, startColumn={"type": "integer", "minimum": 1})
LOCATION = closed(physicalLocation=closed(artifactLocation=ARTIFACT, region=REGION), message=MESSAGE)
RESULT = closed(
    ("message",),
    message=MESSAGE,
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": -1},
    level={"enum": ["none", "note", "warning", "error"]},
    kind={"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]},
    locations=listed(LOCATION),
)
RULE = closed(("id",), id=TEXT, name=TEXT, shortDescription=MULTIFORMAT, fullDescription=MULTIFORMAT)
DRIVER = closed(("name",), name=TEXT, version=TEXT, informationUri=TEXT, rules=listed(RULE, unique=True))
RUN = closed(("tool",), tool=closed(("driver",), driver=DRIVER), results=listed(RESULT))
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    **closed(("version", "runs"), **{"$schema": TEXT}, version={"enum": ["2.1.0"]}, runs=listed(RUN)),
}
