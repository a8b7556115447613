using System.Text;
using System.Threading.Tasks;
using Kubeless.Functions;

public class stream
{
    public async Task run(Event k8Event, Context k8Context)
    {
        var body = k8Event.Extensions.Response.Body;
        foreach (var part in new[] { "one", "two", "three" })
        {
            var bytes = Encoding.UTF8.GetBytes(part + "\n");
            await body.WriteAsync(bytes, 0, bytes.Length);
            await body.FlushAsync();
        }
    }
}
