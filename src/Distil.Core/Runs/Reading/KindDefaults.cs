using System.Text.Json.Nodes;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Reading;

/// <summary>What a specification means if it leaves out a field whose default differs between the kinds of student, or with a served teacher.</summary>
internal static class KindDefaults
{
    /// <summary>A linearised student: mostly the teacher's distribution at temperature 1, which kept it nearest to its teacher in our measurement
    /// (docs/students.md), and no comparison of hidden states, so that nothing but the sparse outputs is stored.</summary>
    private const string Linearised = """
        {
          "distillation": { "alpha": { "from": 0.9, "to": 0.9 }, "temperature": { "from": 1, "to": 1 }, "alignment": { "kind": "none" } },
          "training": { "stages": {} }
        }
        """;

    /// <summary>A served teacher gives log-probabilities at temperature 1, and no hidden states.</summary>
    private const string Served = """{ "distillation": { "temperature": { "from": 1, "to": 1 }, "alignment": { "kind": "none" } } }""";

    /// <summary>A run that merges evaluates its student once.</summary>
    private const string Merging = """{ "training": { "epochs": 1 } }""";

    /// <summary>Adds the defaults of the specification's kind that differ from the types' own.</summary>
    /// <param name="spec">A specification without errors.</param>
    /// <param name="kind">Its kind of student.</param>
    public static JsonNode Complete(JsonNode spec, StudentKind kind)
    {
        if (spec["merge"] is not null)
        {
            Add(spec.AsObject(), JsonNode.Parse(Merging)!.AsObject(), depth: 2);
        }

        if (spec["teacher"]?["endpoint"] is not null)
        {
            Add(spec.AsObject(), JsonNode.Parse(Served)!.AsObject(), depth: 2);
        }

        if (kind == StudentKind.Linearised)
        {
            Add(spec.AsObject(), JsonNode.Parse(Linearised)!.AsObject(), depth: 2);
        }

        return spec;
    }

    /// <summary>Adds the members that a document does not have: sections, and in them whole fields.</summary>
    private static void Add(JsonObject to, JsonObject defaults, int depth)
    {
        foreach (var (name, value) in defaults)
        {
            if (to[name] is not { } present)
            {
                to[name] = value!.DeepClone();
            }
            else if (depth > 1)
            {
                Add(present.AsObject(), value!.AsObject(), depth - 1);
            }
        }
    }
}
