"""The first code of a new function in each language, which answers with what it was sent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    """`editor` is the language's name in CodeMirror, `deps_editor` that of its file of dependencies."""

    handler: str
    code: str
    editor: str
    deps_editor: str = "Properties files"


_PYTHON = Template(
    "handler.handle",
    '''def handle(event, context):
    """Answer with what was sent."""
    print("got", event["data"])
    return event["data"] or "hello world"
''',
    "Python",
)

_NODEJS = Template(
    "handler.handle",
    """module.exports = {
  // Answer with what was sent.
  handle: (event, context) => {
    console.log('got', event.data);
    return event.data || 'hello world';
  },
};
""",
    "JavaScript",
    "JSON",
)

_RUBY = Template(
    "handler.handle",
    """# Answer with what was sent.
def handle(event, context)
  puts "got #{event[:data]}"
  event[:data].to_s.empty? ? 'hello world' : event[:data]
end
""",
    "Ruby",
    "Ruby",
)

_PHP = Template(
    "handler.handle",
    """<?php

// Answer with what was sent.
function handle($event, $context) {
  return $event->data ?: 'hello world';
}
""",
    "PHP",
    "JSON",
)

_GO = Template(
    "handler.Handle",
    """package kubeless

import "github.com/kubeless/kubeless/pkg/functions"

// Handle answers with what was sent.
func Handle(event functions.Event, context functions.Context) (string, error) {
	if event.Data == "" {
		return "hello world", nil
	}
	return event.Data, nil
}
""",
    "Go",
    "Go",
)

_JAVA = Template(
    "Handler.handle",
    """package io.kubeless;

public class Handler {
    /** Answers with what was sent. */
    public String handle(Event event, Context context) {
        return event.Data.isEmpty() ? "hello world" : event.Data;
    }
}
""",
    "Java",
    "XML",
)

_DOTNET = Template(
    "module.handler",
    """using System;
using Kubeless.Functions;

public class module
{
    // Answers with what was sent.
    public object handler(Event k8Event, Context k8Context)
    {
        return k8Event.Data;
    }
}
""",
    "C#",
    "XML",
)

_BALLERINA = Template(
    "handler.handle",
    """import kubeless/kubeless;
import ballerina/io;

public function handle(kubeless:Event event, kubeless:Context context) returns (string|error) {
    return event.data;
}
""",
    "JavaScript",
)

_BY_LANGUAGE = {
    "python": _PYTHON,
    "nodejs": _NODEJS,
    "nodejs_distroless": _NODEJS,
    "nodejsCE": _NODEJS,
    "ruby": _RUBY,
    "php": _PHP,
    "go": _GO,
    "java": _JAVA,
    "vertx": _JAVA,
    "dotnet": _DOTNET,
    "dotnetcore": _DOTNET,
    "ballerina": _BALLERINA,
}

_PLAIN = Template("handler.handle", "", "Shell")


def template_of(language: str) -> Template:
    """That of a language; an empty one for a language without a template."""
    return _BY_LANGUAGE.get(language, _PLAIN)
