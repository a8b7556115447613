package io.kubeless;

import java.util.Arrays;

public class answer {
    public Object run(Event event, Context context) {
        Event.Response response = event.Extensions.Response;
        switch (event.Data) {
            case "string":
                return "text";
            case "object":
                response.setHeader("Content-Type", "application/json");
                return "{\"a\": 1, \"b\": [true, null], \"c\": {\"d\": \"e\"}}";
            case "number":
                return 42;
            case "null":
                return null;
            case "list":
                return "[\"a\", \"b\"]";
            case "empty":
                return "";
            case "unicode":
                return "grüße, 世界 🎉";
            case "binary":
                byte[] all = new byte[256];
                for (int index = 0; index < 256; index++) {
                    all[index] = (byte) index;
                }
                return all;
            case "big":
                char[] big = new char[2 << 20];
                Arrays.fill(big, 'x');
                return new String(big);
            case "status":
                response.setStatus(418);
                response.setHeader("X-Kind", "short and stout");
                return "a teapot";
            default:
                return new Thread("cannot be encoded");
        }
    }
}
