using System.CommandLine;
using System.Runtime.InteropServices;
using Distil.Cli.Commands.Doctor;
using Distil.Cli.Workspaces;

namespace Distil.Cli.Commands;

/// <summary><c>distil version</c>: the versions of the program and of the runtime.</summary>
internal static class VersionCommand
{
    internal static Command Create()
    {
        var command = new Command("version", "Print the version.");
        command.SetAction(_ => Console.WriteLine(Text));
        return command;
    }

    /// <summary>The same, for <c>distil doctor</c>.</summary>
    internal static Finding Finding() => Doctor.Finding.Good("distil", Text);

    private static string Text =>
        $"{ProgramVersion.Current} on {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}";
}
