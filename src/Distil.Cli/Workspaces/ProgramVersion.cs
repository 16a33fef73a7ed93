using System.Reflection;

namespace Distil.Cli.Workspaces;

/// <summary>The version of this program.</summary>
internal static class ProgramVersion
{
    /// <value>For instance 0.1.0, without the commit that it was built from.</value>
    internal static string Current { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
