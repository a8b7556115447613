package io.kubeless;

import java.io.OutputStream;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * What happened.
 *
 * The fields have the names of the original; they are public, so that functions of other packages can read them as well.
 * Fields whose header is missing are empty.
 */
public class Event {
    /** The body, decoded as UTF-8. */
    public String Data;
    public String EventID;
    public String EventType;
    public String EventTime;
    public String EventNamespace;
    public Extensions Extensions;

    public Event(String data, String eventId, String eventType, String eventTime, String eventNamespace) {
        Data = data;
        EventID = eventId;
        EventType = eventType;
        EventTime = eventTime;
        EventNamespace = eventNamespace;
    }

    public String getData() {
        return Data;
    }

    public String getEventID() {
        return EventID;
    }

    public String getEventType() {
        return EventType;
    }

    public String getEventTime() {
        return EventTime;
    }

    public String getEventNamespace() {
        return EventNamespace;
    }

    public Extensions getExtensions() {
        return Extensions;
    }

    /** The call behind an event. Nested, so that a function's own classes may have any name but two. */
    public static class Extensions {
        public final Request Request;
        public final Response Response;
        /** The attributes of a CloudEvent by the names of their headers, such as "ce-id". */
        public final Map<String, String> CloudEvent;

        public Extensions(Request request, Response response, Map<String, String> cloudEvent) {
            Request = request;
            Response = response;
            CloudEvent = cloudEvent;
        }
    }

    /** The HTTP request. */
    public interface Request {
        String getMethod();

        /** Without the query, percent-decoded. */
        String getPath();

        /** What follows the question mark, as it was sent; null without one. */
        String getQueryString();

        /** The first value of a parameter of the query; null if there is none. */
        String getParameter(String name);

        /** The first value of a header; null if there is none. */
        String getHeader(String name);

        List<String> getHeaders(String name);

        Collection<String> getHeaderNames();

        /** The body as it was sent. */
        byte[] getBody();
    }

    /** The HTTP response. What the function returns is sent after what it wrote here. */
    public interface Response {
        void setStatus(int status);

        void setHeader(String name, String value);

        /** Each flush sends what was written so far; with the first one, status and headers are settled. */
        OutputStream getOutputStream();
    }
}
