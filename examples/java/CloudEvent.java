package io.kubeless;

import java.util.Map;

public class CloudEvent {
    public String handler(Event event, Context context) {
        Map<String, String> attributes = event.Extensions.CloudEvent;
        return attributes.get("ce-type") + " from " + attributes.get("ce-source") + ": " + event.Data;
    }
}
