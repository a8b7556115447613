package io.kubeless;

import org.joda.time.LocalTime;

public class HelloWithDeps {
    public String sayHello(Event event, Context context) {
        System.out.println(event.Data);
        return "Hello world! Current local time is: " + new LocalTime();
    }
}
