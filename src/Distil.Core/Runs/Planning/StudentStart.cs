using System.Text.Json.Nodes;
using Distil.Core.Models;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Planning;

/// <summary>What determines a student's weights before its first step, beside its teacher's, by the fields that set it. Students with one start differ only by
/// what they have learnt.</summary>
internal static class StudentStart
{
    /// <summary>The start of a run's student.</summary>
    /// <param name="spec">The specification.</param>
    /// <param name="xlstm">The shape of kind xlstm; null for another.</param>
    /// <param name="linearised">The shape of kind linearised; null for another.</param>
    public static JsonObject Of(RunSpec spec, StudentShape? xlstm, LinearisedShape? linearised)
    {
        var start = linearised is null ? Identities.Student(xlstm!) : LinearisedIdentity.Student(linearised, spec.Student);
        start.Remove("kind");
        start.Remove("contextLength"); // the length of a row; no weight depends on it
        return start;
    }

    /// <summary>The first member that differs: its name, its value in one start and in another; null if they are equal.</summary>
    public static (string Name, string Value, string Other)? Difference(JsonObject one, JsonObject other) =>
        one.Select(member => member.Key).Union(other.Select(member => member.Key))
            .Where(name => !JsonNode.DeepEquals(one[name], other[name]))
            .Select(name => ((string, string, string)?)(name, Text(one[name]), Text(other[name]))).FirstOrDefault();

    private static string Text(JsonNode? value) => value?.ToJsonString() ?? "none";
}
