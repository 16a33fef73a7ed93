using Azure;

namespace Distil.Core;

/// <summary>Recognises the failures of a disk that has no space left: this machine's own disk, or that of the local storage.</summary>
public static class DiskFull
{
    /// <summary>The HTTP status with which tools/azurite/durable.cjs says that its disk is full.</summary>
    private const int InsufficientStorage = 507;

    private const int NoSpace = 28; // ENOSPC
    private const int OverQuota = 122; // EDQUOT on Linux
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    /// <summary>Whether an exception, or one inside it, says that a disk is full.</summary>
    public static bool Is(Exception error) => error switch
    {
        RequestFailedException { Status: InsufficientStorage } => true,
        IOException { HResult: NoSpace or OverQuota or WindowsDiskFull or WindowsHandleDiskFull } => true,
        AggregateException several => several.InnerExceptions.Any(Is),
        { InnerException: { } inner } => Is(inner),
        _ => false,
    };
}
