using System.Reflection;
using System.Runtime.InteropServices;
using Distil.Core.Documents.Reports;
using static TorchSharp.torch;

namespace Distil.Trainer.Jobs.Export;

/// <summary>The machine that this process runs on.</summary>
internal static class Machine
{
    /// <summary>Describes the machine.</summary>
    /// <param name="device">The device that torch uses.</param>
    public static MachineSummary Describe(Device device) => new()
    {
        OperatingSystem = RuntimeInformation.OSDescription,
        Device = device.type == TorchSharp.DeviceType.CUDA ? "CUDA GPU" : $"CPU, {Environment.ProcessorCount} cores of {ProcessorName()}",
        Cores = Environment.ProcessorCount,
        MemoryBytes = Core.Machine.MemoryBytes,
        Versions = new Dictionary<string, string>
        {
            ["Distil"] = typeof(Machine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown",
            [".NET"] = Environment.Version.ToString(),
            ["libtorch"] = __version__,
        },
    };

    private static string ProcessorName()
    {
        const string Source = "/proc/cpuinfo", Field = "model name";
        var line = File.Exists(Source) ? File.ReadLines(Source).FirstOrDefault(line => line.StartsWith(Field, StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':') + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
