using System.Runtime.InteropServices;

namespace Distil.Core;

/// <summary>The <c>dotnet</c> program, for starting further processes on the runtime of this one.</summary>
public static class DotnetProgram
{
    /// <value>The <c>dotnet</c> that runs this program, or whose runtime does (a tool has a program of its own); else the one on the path.</value>
    public static string Path { get; } =
        System.IO.Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : OfRuntime() ?? "dotnet";

    private static string? OfRuntime()
    {
        var program = System.IO.Path.GetFullPath(System.IO.Path.Combine(
            RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        return File.Exists(program) ? program : null;
    }
}
