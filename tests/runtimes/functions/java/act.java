package io.kubeless;

import java.util.Arrays;

public class act {
    public String run(Event event, Context context) {
        String[] words = event.Data.split(" ", 2);
        switch (words[0]) {
            case "exit":
                System.exit(3);
                break;
            case "print":
                System.out.println(words[1]);
                break;
            case "noise":
                char[] line = new char[1023];
                Arrays.fill(line, 'x');
                for (int count = 0; count < 10 * 1024; count++) {
                    System.out.println(line);
                }
                break;
            case "env":
                return System.getenv(words[1]);
            default:
                break;
        }
        return "ok";
    }
}
