using Distil.Core.Runs;

namespace Distil.Core.Api.Requests;

/// <summary>The query parameters that choose runs of a list.</summary>
/// <param name="Name">Only runs whose id contains this, in any case of letters; null for all.</param>
/// <param name="State">Only runs in this state; null for all.</param>
public sealed record RunFilter(string? Name = null, string? State = null)
{
    /// <summary>Whether a run's id contains the name.</summary>
    internal bool FitsName(string runId) => Name is null || runId.Contains(Name, StringComparison.OrdinalIgnoreCase);

    /// <summary>The state.</summary>
    /// <exception cref="ApiProblemException">400: there is no such state.</exception>
    internal RunState? ParseState() =>
        State is null ? null
        : Enum.TryParse<RunState>(State, ignoreCase: true, out var state) && Enum.IsDefined(state) && !char.IsDigit(State[0]) ? state
        : throw Paging.BadParameter("state", State, $"one of {string.Join(", ", Enum.GetNames<RunState>().Select(name => name.ToLowerInvariant()))}");
}
