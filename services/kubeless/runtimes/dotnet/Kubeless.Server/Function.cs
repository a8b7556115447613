using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;
using Kubeless.Functions;

namespace Kubeless.Server
{
    /// <summary>The method that is called for each event: any that takes an Event and a Context.</summary>
    internal sealed class Function
    {
        private static readonly Type[] Parameters = { typeof(Event), typeof(Context) };

        private readonly Func<Event, Context, object> _call;
        private readonly PropertyInfo _result;

        private Function(object target, MethodInfo method)
        {
            _call = Compile(target, method);
            _result = method.ReturnType.IsGenericType ? method.ReturnType.GetProperty("Result") : null;
        }

        /// <summary>Call it, and wait for its task if it returns one.</summary>
        public async Task<object> CallAsync(Event @event, Context context)
        {
            var returned = _call(@event, context);
            if (!(returned is Task task))
            {
                return returned;
            }
            await task.ConfigureAwait(false);
            return _result?.GetValue(task);
        }

        /// <summary>
        /// Load in a thread of its own: a constructor may never return. Throws <see cref="Unusable"/>.
        /// </summary>
        public static Function Load(Settings settings)
        {
            Function found = null;
            Exception failure = null;
            var thread = new Thread(() =>
            {
                try
                {
                    found = Find(settings);
                }
                catch (Exception error)
                {
                    failure = error is TargetInvocationException ? error.InnerException : error;
                }
            }) { IsBackground = true };
            thread.Start();
            if (!thread.Join(Settings.Span(settings.LoadTimeout)))
            {
                var limit = settings.LoadTimeout.ToString(CultureInfo.InvariantCulture);
                throw new Unusable($"Unable to load {settings.Module}: its class was not initialized within {limit} s");
            }
            if (failure is Unusable)
            {
                ExceptionDispatchInfo.Capture(failure).Throw();
            }
            return failure == null ? found : throw new Unusable($"Unable to load {settings.Module}: {failure}");
        }

        private static Function Find(Settings settings)
        {
            var type = FindType(Published.Load(settings), settings.Module);
            const BindingFlags any = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static;
            var methods = type.GetMethods(any)
                .Where(method => method.GetParameters().Select(one => one.ParameterType).SequenceEqual(Parameters))
                .ToList();
            var handler = methods.Find(method => method.Name == settings.Handler) ?? throw new Unusable(
                $"{type.FullName} has no public method {settings.Handler}(Kubeless.Functions.Event, "
                + $"Kubeless.Functions.Context); there is {Names(methods.Select(method => method.Name))}");
            // The static constructor would otherwise run in the first call.
            RuntimeHelpers.RunClassConstructor(type.TypeHandle);
            return new Function(handler.IsStatic ? null : Activator.CreateInstance(type, nonPublic: true), handler);
        }

        /// <summary>By its full name, or by its mere name in any namespace.</summary>
        private static Type FindType(Assembly assembly, string module)
        {
            var types = assembly.GetTypes();
            return types.FirstOrDefault(type => type.FullName == module)
                ?? types.FirstOrDefault(type => type.Name == module)
                ?? throw new Unusable($"Unable to load {module}: there is no class {module}; "
                    + $"there is {Names(types.Where(type => type.IsPublic).Select(type => type.FullName))}");
        }

        private static string Names(IEnumerable<string> names)
        {
            var list = string.Join(", ", names.Take(10));
            return list.Length == 0 ? "none" : list;
        }

        private static Func<Event, Context, object> Compile(object target, MethodInfo method)
        {
            var parameters = Parameters.Select(type => Expression.Parameter(type)).ToArray();
            Expression call = Expression.Call(
                target == null ? null : Expression.Constant(target, method.DeclaringType), method, parameters);
            var body = method.ReturnType == typeof(void)
                ? Expression.Block(call, Expression.Constant(null, typeof(object)))
                : (Expression)Expression.Convert(call, typeof(object));
            return Expression.Lambda<Func<Event, Context, object>>(body, parameters).Compile();
        }
    }
}
