"""
Where the embedded API server is known to answer other than the real one, by case and number of the request, and why.

A difference that is gone must leave this table: the test asks for it.
"""

_PROSE = "the real one tells more causes of the same refusal"
_FORM = "a text that is no base64, quantity or time is named by its field, with 422 and not 400"
_LOOSE = "a rule that the embedded one does not have"
_NULLS = "empty fields that only the real one writes out"
_POD = "the real one adds what a scheduler and a service account need, and lets no spec change"
_PATH = "no type of this path: 404 as a Status, not as text"

KNOWN: dict[str, dict[int, str]] = {
    "names": {
        7: "newer servers let a Service begin with a digit; functions run on older ones too",
        13: "the names are compared before the object is looked for",
    },
    "metadata": {
        7: "a generation that the client made up",
        12: _LOOSE,
        13: "409 for another uid in a patch",
        19: "400 for another kind in a patch",
        20: "400 for another version in a patch",
    },
    "configmaps and secrets": {3: _FORM, 9: _FORM, 12: _LOOSE},
    "services": {17: "a strategic patch puts new items last"},
    "deployments": {
        0: _PROSE,
        1: _PROSE,
        7: _FORM,
        8: _LOOSE,
        16: "a strategic patch puts new items last",
        19: "a scale of 0 is written out",
        20: "a scale of 0 is written out",
    },
    "json patch": {9: "a name that a patch removes comes back"},
    "functions": {6: _PROSE, 8: _PROSE, 9: _PROSE, 10: _PROSE, 25: _PROSE, 29: _PROSE},
    "triggers": {11: _PROSE},
    "paths": {1: _PATH, 2: _PATH, 3: _PATH, 4: _PATH, 5: _PATH, 9: _PATH, 17: "the order of resources and hashes"},
    "deleting": {5: "a dry run does not show the mark of deletion"},
    "other kinds": {
        2: _FORM,
        4: "pods of the local platform live on loopback",
        7: _LOOSE,
        9: _NULLS,
        10: _PROSE,
        17: _PROSE,
        21: "a generation, which the real one does not count for this kind",
        22: _PROSE,
        24: _NULLS,
        26: _POD,
        27: _POD,
        28: _POD,
        29: _POD,
    },
}
