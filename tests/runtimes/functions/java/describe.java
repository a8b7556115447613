package io.kubeless;

import java.util.Map;
import java.util.StringJoiner;

public class describe {
    public String run(Event event, Context context) {
        Event.Request request = event.Extensions.Request;
        return object(
                "event", object("id", text(event.EventID), "type", text(event.EventType),
                        "time", text(event.EventTime), "namespace", text(event.EventNamespace)),
                "context", object("name", text(context.functionName), "timeout", text(context.timeout),
                        "runtime", text(context.runtime), "memory", text(context.memoryLimit)),
                "request", object("method", text(request.getMethod()), "path", text(request.getPath()),
                        "query", text(request.getParameter("q")), "header", text(request.getHeader("X-Test"))),
                "ce", attributes(event.Extensions.CloudEvent));
    }

    private static String attributes(Map<String, String> attributes) {
        String[] pairs = attributes.entrySet().stream()
                .flatMap(one -> java.util.stream.Stream.of(one.getKey(), text(one.getValue())))
                .toArray(String[]::new);
        return object(pairs);
    }

    private static String object(String... pairs) {
        StringJoiner members = new StringJoiner(",", "{", "}");
        for (int index = 0; index < pairs.length; index += 2) {
            members.add(text(pairs[index]) + ":" + pairs[index + 1]);
        }
        return members.toString();
    }

    private static String text(String value) {
        return value == null ? "null" : "\"" + value.replace("\"", "\\\"") + "\"";
    }
}
