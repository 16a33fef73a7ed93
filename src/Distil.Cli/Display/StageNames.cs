using Distil.Core.Artifacts.Kinds;
using Distil.Core.Runs;

namespace Distil.Cli.Display;

/// <summary>Names of stages on the screen.</summary>
internal static class StageNames
{
    internal static string Of(RunStatus status) =>
        status.Stage is not { } stage ? "start" : status.Epoch is { } epoch ? $"{Of(stage)} epoch {epoch + 1}" : Of(stage);

    internal static string Of(JobKind stage) => stage.ToString().ToLowerInvariant();
}
