using Kubeless.Functions;

public class depend
{
    public string run(Event k8Event, Context k8Context)
    {
        return Nobody.Package.Said;
    }
}
