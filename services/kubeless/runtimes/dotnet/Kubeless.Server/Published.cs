using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace Kubeless.Server
{
    /// <summary>The assembly that the compile step published, and what it brought along.</summary>
    internal static class Published
    {
        private const string Dependencies = ".deps.json";

        /// <summary>Throws <see cref="Unusable"/> if there is none.</summary>
        public static Assembly Load(Settings settings)
        {
            var folder = Path.GetFullPath(settings.Folder);
            var published = Find(folder, settings.Assembly) ?? throw new Unusable(
                $"Unable to load {settings.Module}: nothing is compiled in {folder}");
            var resolver = new AssemblyDependencyResolver(published);
            AssemblyLoadContext.Default.Resolving += (context, name) =>
            {
                var path = resolver.ResolveAssemblyToPath(name);
                return path == null ? null : context.LoadFromAssemblyPath(path);
            };
            AssemblyLoadContext.Default.ResolvingUnmanagedDll += (assembly, name) =>
            {
                var path = resolver.ResolveUnmanagedDllToPath(name);
                return path == null ? IntPtr.Zero : NativeLibrary.Load(path);
            };
            return AssemblyLoadContext.Default.LoadFromAssemblyPath(published);
        }

        /// <summary>The one that is named, else the one that lists its dependencies.</summary>
        private static string Find(string folder, string name)
        {
            var named = Path.Combine(folder, $"{name}.dll");
            if (name.Length > 0 && File.Exists(named))
            {
                return named;
            }
            return Directory.Exists(folder)
                ? Directory.EnumerateFiles(folder, "*" + Dependencies).OrderBy(path => path, StringComparer.Ordinal)
                    .Select(path => path.Substring(0, path.Length - Dependencies.Length) + ".dll").FirstOrDefault()
                : null;
        }
    }
}
