namespace Kubeless.Functions
{
    /// <summary>What a function is told of itself, as text.</summary>
    public class Context
    {
        public string ModuleName { get; }

        public string FunctionName { get; }

        public string FunctionPort { get; }

        /// <summary>In seconds.</summary>
        public string Timeout { get; }

        public string Runtime { get; }

        /// <summary>As Kubernetes writes it, such as <c>128Mi</c>.</summary>
        public string MemoryLimit { get; }

        public Context(string moduleName, string functionName, string functionPort, string timeout, string runtime,
            string memoryLimit)
        {
            ModuleName = moduleName;
            FunctionName = functionName;
            FunctionPort = functionPort;
            Timeout = timeout;
            Runtime = runtime;
            MemoryLimit = memoryLimit;
        }

        public Context() : this("", "", "", "", "", "") { }
    }
}
