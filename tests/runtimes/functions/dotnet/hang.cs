using Kubeless.Functions;

public class hang
{
    static hang()
    {
        while (true)
        {
        }
    }

    public string run(Event k8Event, Context k8Context)
    {
        return "";
    }
}
