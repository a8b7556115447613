package io.kubeless;

public class HelloWithData {
    public String sayHello(Event event, Context context) {
        System.out.println(event.EventNamespace + " " + event.EventType + " " + event.Data);
        return event.Data;
    }
}
