using System.Text.Json.Serialization;
using Distil.Core.Specification;

namespace Distil.Core.Documents.Evaluations;

/// <summary>What a form of a student's weights costs on a text.</summary>
/// <param name="Form">The form.</param>
/// <param name="Text">The text's name.</param>
/// <param name="Tokens">Number of predicted tokens.</param>
/// <param name="Exact">Mean cross-entropy with the student's own weights, in nats.</param>
/// <param name="Rounded">Mean cross-entropy with the weights that the form leaves, in nats.</param>
/// <param name="DifferenceError">Standard error of the difference of the two over the rows, in nats; null for a single row.</param>
/// <param name="Kl">Mean KL divergence of the second from the first, in nats.</param>
/// <param name="Agreement">Share of tokens at which both have the same most probable token.</param>
public sealed record FormQuality(
    WeightForm Form, string Text, long Tokens, double Exact, double Rounded, double? DifferenceError, double Kl, double Agreement)
{
    /// <value>How much higher the cross-entropy is in the form, as a share.</value>
    [JsonIgnore]
    public double Cost => Rounded / Exact - 1;
}
