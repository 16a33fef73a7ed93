using System.Text.RegularExpressions;
using Distil.Core.Errors;
using Distil.Core.Settings;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Trainer.Kernels;

/// <summary>The program's settings of the kernels. They are facts of the process, like the GPU itself, which is found once.</summary>
internal static partial class KernelSettings
{
    private static TrainerSettings _settings = new();

    /// <value>The value of <c>DISTIL_KERNELS</c> in lower case; empty if it is not set.</value>
    internal static string Switch => _settings.Kernels?.ToLowerInvariant() ?? "";

    /// <value>Folder of the compiled kernels.</value>
    internal static string CacheFolder => Path.Combine(
        _settings.UserCache ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "distil", "kernels");

    /// <value>Receives messages for people.</value>
    internal static ILogger Log { get; private set; } = NullLogger.Instance;

    /// <summary>Called once by a program, before its first kernel; without it, the defaults apply.</summary>
    /// <exception cref="InvalidInputException"><c>DISTIL_KERNELS</c> is neither off nor an architecture.</exception>
    internal static void Use(TrainerSettings settings, ILogger log)
    {
        Require(settings.Kernels);
        (_settings, Log) = (settings, log);
    }

    /// <summary>Refuses a value of <c>DISTIL_KERNELS</c> that would be ignored.</summary>
    internal static void Require(string? kernels)
    {
        if (kernels is not null && !Meaning().IsMatch(kernels))
        {
            throw new InvalidInputException($"{CudaRuntime.Switch} is {kernels}; expected off, or an architecture such as sm_80");
        }
    }

    [GeneratedRegex(@"^(off|sm_[0-9]{2,3})\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Meaning();
}

/// <summary>What kernels log for people.</summary>
internal static partial class KernelLog
{
    /// <summary>The cache of compiled kernels cannot be written.</summary>
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Folder}: compiled kernels cannot be kept there ({Reason}); each process compiles them anew")]
    public static partial void CubinsAreNotStored(this ILogger log, string folder, string reason);

    /// <summary>A student decodes on the GPU without the engine.</summary>
    [LoggerMessage(Level = LogLevel.Warning, Message = "the student runs in torch, with a launch for each operation instead of one for a token: {Reason}")]
    public static partial void StudentRunsInTorch(this ILogger log, string reason);
}
