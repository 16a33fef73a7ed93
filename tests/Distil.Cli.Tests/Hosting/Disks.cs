using Distil.Cli.Hosting;
using Distil.Core.Artifacts;

namespace Distil.Cli.Tests.Hosting;

/// <summary>Disks of a machine that does not exist.</summary>
internal static class Disks
{
    public static ArtifactCache Cache { get; } = new(Path.Combine(Path.GetTempPath(), "distil-no-such-folder"));

    public static DiskSpace Empty { get; } = Of(() => long.MaxValue);

    /// <summary>One disk for everything.</summary>
    public static DiskSpace Of(Func<long> free) => new(Path.GetTempPath(), Path.GetTempPath(), Path.GetTempPath(), _ => free());
}
