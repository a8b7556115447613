package io.ino;

import io.kubeless.Context;
import io.kubeless.Event;

/** The handler `io_ino_Handler.sayHello`: underscores stand for the dots of the package. */
public class Handler {
    private final Greeting greeting = new Greeting();

    public String sayHello(Event event, Context context) {
        return greeting.of("world");
    }

    public String echo(Event event, Context context) {
        System.out.println(event.EventNamespace + " " + event.EventType + " " + event.Data);
        return event.Data;
    }

    public String cloudEvent(Event event, Context context) {
        return event.Extensions.CloudEvent.get("ce-type") + " from " + event.Extensions.CloudEvent.get("ce-source");
    }

    /** Never ends when it is told so. */
    public String timeout(Event event, Context context) {
        int passes = 0;
        while (event.Data.equals("forever")) {
            passes++;
        }
        return "in time";
    }
}
