using System.Globalization;
using System.IO.Pipes;

/// <summary>Runs inside the measured process (<c>DOTNET_STARTUP_HOOKS</c>): on each request it reports the size of its managed heap after a full
/// collection.</summary>
/// <remarks>The runtime requires this name, without a namespace. The class may use nothing beyond the runtime's own assemblies.</remarks>
internal static class StartupHook
{
    /// <summary>Variable with the name of the pipe for requests.</summary>
    internal const string PipeVariable = "DISTIL_BENCH_HEAP";

    public static void Initialize()
    {
        // A host's child processes inherit the hook, but only the host has a pipe.
        if (Environment.GetEnvironmentVariable(PipeVariable) is { } pipe)
        {
            new Thread(() => Answer(pipe)) { IsBackground = true }.Start();
        }

        Environment.SetEnvironmentVariable(PipeVariable, null);
        Environment.SetEnvironmentVariable("DOTNET_STARTUP_HOOKS", null);
    }

    private static void Answer(string name)
    {
        while (true)
        {
            using var pipe = new NamedPipeServerStream(name, PipeDirection.Out);
            pipe.WaitForConnection();
            using var writer = new StreamWriter(pipe);
            writer.Write(GC.GetTotalMemory(forceFullCollection: true).ToString(CultureInfo.InvariantCulture));
        }
    }
}
