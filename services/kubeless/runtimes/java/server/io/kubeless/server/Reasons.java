package io.kubeless.server;

import java.util.HashMap;
import java.util.Map;

/** The words beside a status; only people read them. */
final class Reasons {
    private static final Map<Integer, String> WORDS = new HashMap<>();

    static {
        WORDS.put(200, "OK");
        WORDS.put(201, "Created");
        WORDS.put(202, "Accepted");
        WORDS.put(204, "No Content");
        WORDS.put(301, "Moved Permanently");
        WORDS.put(302, "Found");
        WORDS.put(304, "Not Modified");
        WORDS.put(400, "Bad Request");
        WORDS.put(401, "Unauthorized");
        WORDS.put(403, "Forbidden");
        WORDS.put(404, "Not Found");
        WORDS.put(408, "Request Timeout");
        WORDS.put(409, "Conflict");
        WORDS.put(413, "Content Too Large");
        WORDS.put(429, "Too Many Requests");
        WORDS.put(431, "Request Header Fields Too Large");
        WORDS.put(500, "Internal Server Error");
        WORDS.put(501, "Not Implemented");
        WORDS.put(503, "Service Unavailable");
    }

    private Reasons() {}

    static String of(int status) {
        return WORDS.getOrDefault(status, "Status " + status);
    }
}
