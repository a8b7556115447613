using Kubeless.Functions;
using YamlDotNet.Serialization;

public class module
{
    public object handler(Event k8Event, Context k8Context)
    {
        var person = new { Name = "Michael J. Fox", Age = 56 };
        return new SerializerBuilder().Build().Serialize(person);
    }
}
