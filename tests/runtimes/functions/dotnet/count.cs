using System.Threading;
using Kubeless.Functions;

public class count
{
    private int _calls;

    public int run(Event k8Event, Context k8Context)
    {
        return Interlocked.Increment(ref _calls);
    }
}
