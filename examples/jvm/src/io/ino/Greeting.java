package io.ino;

/** Another class of the same jar, as a dependency would be. */
class Greeting {
    String of(String whom) {
        return "Hello " + whom + "!";
    }
}
