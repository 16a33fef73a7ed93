using System.Globalization;
using System.IO.Pipes;

/// <summary>Runs inside the process that is measured (<c>DOTNET_STARTUP_HOOKS</c>): says what its managed heap holds to each who asks, after a full collection.</summary>
/// <remarks>The runtime asks for this name, without a namespace. It may use nothing beyond the runtime's own assemblies.</remarks>
internal static class StartupHook
{
    /// <summary>Names the pipe to ask at.</summary>
    internal const string PipeVariable = "DISTIL_BENCH_HEAP";

    public static void Initialize()
    {
        // A host's child processes inherit the hook; only the host has a pipe to answer at.
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
