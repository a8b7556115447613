package io.kubeless;

import java.io.IOException;
import java.io.OutputStream;

public class stream {
    public String run(Event event, Context context) throws IOException {
        OutputStream out = event.Extensions.Response.getOutputStream();
        for (String part : new String[] {"one", "two", "three"}) {
            out.write((part + "\n").getBytes());
            out.flush();
        }
        return "";
    }
}
