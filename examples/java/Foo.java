package io.kubeless;

public class Foo {
    public String foo(Event event, Context context) {
        return "Hello world!";
    }
}
