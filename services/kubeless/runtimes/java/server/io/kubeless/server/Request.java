package io.kubeless.server;

import io.kubeless.Event;
import java.io.UnsupportedEncodingException;
import java.net.URLDecoder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A request as it came. */
final class Request implements Event.Request {
    final String method;
    final String target;
    /** Such as HTTP/1.1. */
    final String version;
    /** By names in lower case. */
    final Map<String, List<String>> headers = new HashMap<>();
    byte[] body = {};

    Request(String method, String target, String version) {
        this.method = method;
        this.target = target;
        this.version = version;
    }

    /** Whether the client wants to send another request after this one. */
    boolean keepsAlive() {
        String connection = getHeader("connection");
        String wish = connection == null ? "" : connection.toLowerCase(Locale.ROOT);
        return version.equals("HTTP/1.1") ? !wish.contains("close") : wish.contains("keep-alive");
    }

    String rawPath() {
        int end = target.indexOf('?');
        return end < 0 ? target : target.substring(0, end);
    }

    @Override
    public String getMethod() {
        return method;
    }

    @Override
    public String getPath() {
        return decode(rawPath().replace("+", "%2B"));
    }

    @Override
    public String getQueryString() {
        int begin = target.indexOf('?');
        return begin < 0 ? null : target.substring(begin + 1);
    }

    @Override
    public String getParameter(String name) {
        String query = getQueryString();
        for (String pair : query == null ? new String[0] : query.split("&")) {
            int sign = pair.indexOf('=');
            if (decode(sign < 0 ? pair : pair.substring(0, sign)).equals(name)) {
                return sign < 0 ? "" : decode(pair.substring(sign + 1));
            }
        }
        return null;
    }

    /** What is not encoded well stays as it is. */
    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, "UTF-8");
        } catch (IllegalArgumentException | UnsupportedEncodingException malformed) {
            return text;
        }
    }

    @Override
    public String getHeader(String name) {
        List<String> values = headers.get(name.toLowerCase(Locale.ROOT));
        return values == null ? null : values.get(0);
    }

    @Override
    public List<String> getHeaders(String name) {
        List<String> values = headers.get(name.toLowerCase(Locale.ROOT));
        return values == null ? Collections.<String>emptyList() : Collections.unmodifiableList(values);
    }

    @Override
    public Collection<String> getHeaderNames() {
        return new ArrayList<>(headers.keySet());
    }

    @Override
    public byte[] getBody() {
        return body.clone();
    }
}
