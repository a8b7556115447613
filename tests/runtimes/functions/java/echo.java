package io.kubeless;

public class echo {
    // Text is decoded; who wants the bytes reads the request.
    public Object run(Event event, Context context) {
        boolean binary = "application/octet-stream".equals(event.Extensions.Request.getHeader("Content-Type"));
        return binary ? event.Extensions.Request.getBody() : event.Data;
    }
}
