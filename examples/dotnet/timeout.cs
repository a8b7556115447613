using System.Threading.Tasks;
using Kubeless.Functions;

public class module
{
    /// <summary>Never ends when it is told so; its work may be asynchronous.</summary>
    public async Task<object> handler(Event k8Event, Context k8Context)
    {
        while (k8Event.Data.Equals("forever"))
        {
        }
        await Task.Yield();
        return "in time";
    }
}
