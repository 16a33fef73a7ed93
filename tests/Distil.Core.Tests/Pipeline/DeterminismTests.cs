using System.Reflection;
using System.Reflection.Emit;
using System.Security.Cryptography;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;

namespace Distil.Core.Tests.Pipeline;

/// <summary>Pipeline code may be replayed, so it must ask only its context: its compiled instructions are searched for anything else.</summary>
public sealed class DeterminismTests
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<int, OpCode> OpCodesByValue = typeof(OpCodes).GetFields()
        .Select(field => field.GetValue(null)).OfType<OpCode>().ToDictionary(code => (int)(ushort)code.Value);

    private static readonly Type[] ForbiddenTypes =
    [
        typeof(Random), typeof(RandomNumberGenerator), typeof(Environment), typeof(File), typeof(Directory), typeof(Thread), typeof(Timer),
        typeof(TimeProvider), typeof(System.Diagnostics.Stopwatch), typeof(System.Diagnostics.Process), typeof(HttpClient), typeof(System.Net.Sockets.Socket),
        typeof(Console), typeof(ThreadPool), typeof(Parallel), typeof(PeriodicTimer), typeof(CancellationTokenSource), typeof(SemaphoreSlim),
        typeof(FileStream), typeof(FileInfo), typeof(DirectoryInfo), typeof(ArtifactStore), typeof(ArtifactReader), typeof(IJobRunner),
    ];

    private static readonly HashSet<string> ForbiddenMembers =
    [
        "DateTime.get_Now", "DateTime.get_UtcNow", "DateTime.get_Today", "DateTimeOffset.get_Now", "DateTimeOffset.get_UtcNow",
        "Guid.NewGuid", "Guid.CreateVersion7", "Task.Run", "Task.Delay", "Task.Yield", "Task.Wait",
        "Task.WaitAll", "Task.ConfigureAwait", "Task`1.ConfigureAwait",
        "TaskFactory.StartNew", "Task.ContinueWith", "CultureInfo.get_CurrentCulture", "TimeZoneInfo.get_Local",
    ];

    [Fact]
    public void Pipeline_code_reads_no_clock_no_chance_no_file_and_no_environment()
    {
        var pipeline = typeof(DistillPipeline).Assembly.GetTypes()
            .Where(type => type.Namespace == typeof(DistillPipeline).Namespace && Outermost(type) != typeof(ActivityCatalog))
            .ToList();
        Assert.Contains(typeof(JobPipeline), pipeline);
        var methods = Reached(pipeline.SelectMany(Methods));
        Assert.Contains(methods, method => method.DeclaringType == typeof(ArtifactLayout)); // followed out of the namespace
        Assert.Empty(methods.SelectMany(Forbidden));
    }

    [Fact]
    public void The_search_finds_what_is_forbidden_in_lambdas_and_async_methods_too()
    {
        var found = Reached(typeof(Forbidding).GetNestedTypes(All).Append(typeof(Forbidding)).SelectMany(Methods)).SelectMany(Forbidden).ToList();
        foreach (var expected in new[] { "DateTime.get_UtcNow", "Guid.NewGuid", "Task.Delay", "File.Exists", "Random..ctor", "Environment.get_MachineName" })
        {
            Assert.Contains(found, one => one.EndsWith(expected, StringComparison.Ordinal));
        }
    }

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    private static IEnumerable<MethodBase> Methods(Type type) => type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All));

    // A method and everything in its assembly that it calls, including what the compiler makes of asynchronous methods and lambdas.
    private static HashSet<MethodBase> Reached(IEnumerable<MethodBase> from)
    {
        var reached = new HashSet<MethodBase>();
        var waiting = new Stack<MethodBase>(from);
        while (waiting.TryPop(out var method))
        {
            if (!reached.Add(method))
            {
                continue;
            }

            foreach (var called in Used(method).Where(member => member.Module == method.Module))
            {
                var made = called.DeclaringType is { } type && IsMade(type) ? Methods(type) : [];
                foreach (var each in called is MethodBase one ? made.Append(one).Concat(Overrides(one)) : made)
                {
                    waiting.Push(each);
                }
            }
        }

        return reached;
    }

    private static IEnumerable<MethodBase> Overrides(MethodBase method) => method is MethodInfo { IsVirtual: true, DeclaringType.IsInterface: false } one
        ? one.Module.GetTypes().Where(type => type.IsSubclassOf(one.DeclaringType!)).SelectMany(Methods).Where(
            each => each is MethodInfo other && other.GetBaseDefinition() == one.GetBaseDefinition())
        : [];

    private static bool IsMade(Type type) => type.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute), inherit: false);

    private static IEnumerable<string> Forbidden(MethodBase method) =>
        from member in Used(method)
        let name = $"{member.DeclaringType?.Name}.{member.Name}"
        where ForbiddenTypes.Contains(member.DeclaringType) || ForbiddenMembers.Contains(name)
        select $"{method.DeclaringType?.FullName}.{method.Name} uses {name}";

    // Members that a method's instructions name.
    private static IEnumerable<MemberInfo> Used(MethodBase method)
    {
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        var typeArguments = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : [];
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : [];
        for (var at = 0; at < code.Length;)
        {
            int value = code[at++];
            var operation = OpCodesByValue[value == 0xFE ? 0xFE00 | code[at++] : value];
            if (operation.OperandType is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineTok)
            {
                yield return method.Module.ResolveMember(BitConverter.ToInt32(code, at), typeArguments, methodArguments)!;
            }

            at += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }

    private static class Forbidding
    {
        public static async Task<object> EverythingAsync()
        {
            await Task.Delay(1);
            Func<bool> file = () => File.Exists(Guid.NewGuid().ToString());
            return file() ? DateTime.UtcNow : Elsewhere.Name() + new Random();
        }
    }

    private static class Elsewhere
    {
        public static string Name() => Environment.MachineName;
    }
}
