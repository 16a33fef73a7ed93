using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Azure;
using Distil.Core.Errors;

namespace Distil.Core.Http;

/// <summary>What a program says, and with which exit code it ends, if an exception reaches its end.</summary>
/// <param name="Message">One line or several, for people; no stack trace.</param>
/// <param name="ExitCode">2 if the input cannot be used, else 1.</param>
public sealed record FaultReport(string Message, int ExitCode)
{
    private const int Failed = 1;
    private const int BadInput = 2;

    /// <summary>Describes an exception. If nothing foresaw it, its details are written to a file.</summary>
    /// <param name="error">The exception.</param>
    /// <param name="folder">The folder for such files; null for one below the folder of temporary files.</param>
    public static FaultReport Of(Exception error, string? folder = null) => error switch
    {
        InvalidInputException => new FaultReport(error.Message, BadInput),
        RemoteException => new FaultReport(error.Message, Failed),
        OperationCanceledException => new FaultReport("interrupted", Failed),
        FileNotFoundException or DirectoryNotFoundException or PathTooLongException or UnauthorizedAccessException => new FaultReport(error.Message, BadInput),
        IOException => new FaultReport(error.Message, Failed), // a full disk, a closed pipe
        RequestFailedException storage => new FaultReport(Storage(storage), Failed),
        OutOfMemoryException => new FaultReport($"there is not enough memory: {error.Message}", Failed),
        _ => new FaultReport(
            $"this is a fault in distil, not in your input: {error.GetType().Name}: {UrlSecrets.Without(error.Message.Split('\n')[0].TrimEnd())} "
            + $"({Write(error, folder ?? Path.Combine(Path.GetTempPath(), "distil-faults"))})",
            Failed),
    };

    // The library's message may be no more than "Service request failed." Without a status nobody has answered, which the message names.
    private static string Storage(RequestFailedException failed)
    {
        var line = failed.Message.Split('\n')[0].Trim();
        var answer = string.IsNullOrEmpty(failed.ErrorCode) ? $"{failed.Status}" : string.Create(CultureInfo.InvariantCulture, $"{failed.Status} {failed.ErrorCode}");
        return failed.Status switch
        {
            0 => line,
            401 or 403 => $"the storage refuses access ({answer}): {line} Check the key or the roles of the account that AZURE_STORAGE_CONNECTION_STRING names",
            _ => $"the storage answered {answer}: {line}",
        };
    }

    private static string Write(Exception error, string folder)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"fault-{DateTime.UtcNow:yyyyMMdd-HHmmss}-{Environment.ProcessId}.txt");
        var path = Path.Combine(folder, name);
        try
        {
            Directory.CreateDirectory(folder);
            var program = Assembly.GetEntryAssembly()?.GetName();
            File.WriteAllText(path, UrlSecrets.Without($"{program?.Name} {program?.Version}, {RuntimeInformation.OSDescription}\n{error}\n"));
            return $"please report it with its details: {path}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"please report it; its details could not be written to {path}: {e.Message}";
        }
    }
}
