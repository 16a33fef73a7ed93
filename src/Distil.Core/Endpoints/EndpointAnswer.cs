using System.Text.Json;

namespace Distil.Core.Endpoints;

/// <summary>What a server says about a prompt.</summary>
/// <param name="Tokens">The prompt's tokens by the server; null for one that it does not name.</param>
/// <param name="Scores">For each position, the tokens that may follow it, in any order: of a prompt of n tokens, n lists.</param>
internal sealed record EndpointAnswer(IReadOnlyList<int?> Tokens, IReadOnlyList<IReadOnlyList<TokenScore>> Scores)
{
    /// <summary>Reads a score; infinite and missing numbers become NaN.</summary>
    internal static TokenScore Score(int id, JsonElement logProbability) =>
        new(id, logProbability.ValueKind == JsonValueKind.Number && logProbability.GetDouble() is var log && double.IsFinite(log) ? (float)log : float.NaN);
}
