package io.kubeless;

public class wait {
    static volatile boolean forever = true;

    public String run(Event event, Context context) throws InterruptedException {
        String[] words = event.Data.split(" ");
        if (words[0].equals("wait")) {
            Thread.sleep((long) (Double.parseDouble(words[1]) * 1000));
        }
        while (words[0].equals("stuck") && forever) {
        }
        return "ok";
    }
}
