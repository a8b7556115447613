"""
The schema of schemas: which type each keyword of a definition's `openAPIV3Schema` has.

All code that reads a definition's schema relies on it. Whether the keywords make sense together is for `schema.crd`.
https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/custom-resource-definition-v1/#JSONSchemaProps
"""

from kubeless.core.jsontypes import JsonObject

_TEXT: JsonObject = {"type": "string"}
_FLAG: JsonObject = {"type": "boolean"}
_COUNT: JsonObject = {"type": "integer"}
_NUMBER: JsonObject = {"type": "number"}
_TEXTS: JsonObject = {"type": "array", "items": _TEXT}
_RULE: JsonObject = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("rule", "message", "messageExpression", "reason", "fieldPath"), _TEXT),
        "optionalOldSelf": _FLAG,
    },
}
SCHEMA: JsonObject = {"type": "object"}
_SCHEMAS: JsonObject = {"type": "array", "items": SCHEMA}
# Filled in afterwards: schemas contain schemas.
SCHEMA["properties"] = {
    **dict.fromkeys(("type", "format", "title", "description", "pattern"), _TEXT),
    **dict.fromkeys(("x-kubernetes-list-type", "x-kubernetes-map-type"), _TEXT),
    **dict.fromkeys(("nullable", "uniqueItems", "exclusiveMinimum", "exclusiveMaximum"), _FLAG),
    **dict.fromkeys(
        (
            "x-kubernetes-preserve-unknown-fields",
            "x-kubernetes-int-or-string",
            "x-kubernetes-embedded-resource",
        ),
        _FLAG,
    ),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _COUNT),
    **dict.fromkeys(("minimum", "maximum", "multipleOf"), _NUMBER),
    **dict.fromkeys(("required", "x-kubernetes-list-map-keys"), _TEXTS),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), _SCHEMAS),
    **dict.fromkeys(("not", "items"), SCHEMA),
    "enum": {"type": "array"},
    "properties": {"type": "object", "additionalProperties": SCHEMA},
    "additionalProperties": {"anyOf": [_FLAG, SCHEMA]},
    "x-kubernetes-validations": {"type": "array", "items": _RULE},
}
