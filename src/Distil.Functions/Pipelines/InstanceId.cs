using System.Security.Cryptography;
using System.Text;

namespace Distil.Functions.Pipelines;

/// <summary>Ids of orchestrations. A run's is the run's own; that of a part starts with the run's and a colon, so that a prefix finds all parts of a run.</summary>
internal static class InstanceId
{
    /// <summary>Maximum number of characters of an id: Durable Task Scheduler refuses longer ones.</summary>
    internal const int MaxLength = 100;

    private const int HashLength = 16;

    /// <summary>The id of a part: its parent's, a colon and its name. A longer one than <see cref="MaxLength"/> has a hash in place of the parent's own
    /// part, and the beginning of the name.</summary>
    /// <param name="parent">The id of the orchestration that starts it.</param>
    /// <param name="name">Unique in its parent.</param>
    internal static string Of(string parent, string name)
    {
        var whole = $"{parent}:{name}";
        if (whole.Length <= MaxLength)
        {
            return whole;
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(whole)))[..HashLength];
        var start = $"{RunOf(parent)}:{hash}:";
        return start + name[..Math.Min(name.Length, MaxLength - start.Length)];
    }

    /// <summary>The run that an orchestration belongs to.</summary>
    internal static string RunOf(string id) => id.Split(':')[0];
}
