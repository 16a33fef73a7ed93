using Distil.Core.Errors;
using Distil.Core.Runs;

namespace Distil.Functions.Pipelines;

/// <summary>A run's status for Durable's custom status: the content of <c>status.json</c>, with details truncated to the limit of 16 KB.</summary>
internal static class CustomStatus
{
    private const int MaxDetail = 2000;

    public static RunStatus Of(RunStatus status) => status.LastFailure is { } failure
        ? status with { LastFailure = failure with { Message = Shown.Short(failure.Message, MaxDetail), Detail = failure.Detail is { } detail ? Shown.Short(detail, MaxDetail) : null } }
        : status;
}
