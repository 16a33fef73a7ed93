using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Reading;

/// <summary>Reads a <see cref="RunSpec"/> from JSON (comments and trailing commas are allowed) and reports all its errors at once.</summary>
public static class RunSpecReader
{
    /// <value>What is allowed in a specification's JSON beside the standard.</value>
    internal static JsonDocumentOptions Comments { get; } = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private static readonly JsonSerializerOptions Lenient = new(DistilJson.Options)
    {
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>Reads a file. Relative paths in it start at its folder and become absolute.</summary>
    /// <exception cref="InvalidInputException">The file is missing or not a specification; see <see cref="InvalidInputException.Errors"/>.</exception>
    public static RunSpec Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new InvalidInputException($"{path}: there is no such file; expected a run specification");
        }

        return Parse(File.ReadAllText(path), Path.GetFileName(path), Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Reads a text.</summary>
    /// <param name="json">The specification.</param>
    /// <param name="document">The document's name in messages, for instance <c>spec.json</c>.</param>
    /// <param name="folder">The folder at which relative paths start.</param>
    /// <exception cref="InvalidInputException">It is not a specification; see <see cref="InvalidInputException.Errors"/>.</exception>
    public static RunSpec Parse(string json, string document, string folder)
    {
        using var parsed = ParseJson(json, document);
        ThrowIfAny(Check(parsed.RootElement, document), document);

        ThrowIfAny([.. KindChecks.Find(parsed.RootElement), .. MergeChecks.FindUnused(parsed.RootElement)], document);

        var spec = Deserialize(JsonObject.Create(parsed.RootElement)!, KindChecks.KindOf(parsed.RootElement));
        ThrowIfAny([.. CrossChecks.Find(spec)], document);
        return spec.MapPaths((_, path) => SourceCatalog.IsRemote(path) ? path : Path.GetFullPath(path, folder));
    }

    /// <summary>The specification of a document without errors, with every default of its kind.</summary>
    internal static RunSpec Deserialize(JsonObject document, StudentKind kind) => KindDefaults.Complete(document, kind).Deserialize<RunSpec>(Lenient)!;

    private static JsonDocument ParseJson(string json, string document)
    {
        try
        {
            return JsonDocument.Parse(json, Comments);
        }
        catch (JsonException wrong)
        {
            throw new InvalidInputException($"{document}: line {wrong.LineNumber + 1} is not JSON: {wrong.Message}", wrong);
        }
    }

    private static IReadOnlyList<FieldError> Check(JsonElement root, string document)
    {
        var checker = new FieldChecker();
        try
        {
            checker.CheckDocument(root, typeof(RunSpec));
        }
        catch (InvalidOperationException wrong) // an escape such as \ud800 that is no character
        {
            throw new InvalidInputException($"{document}: a text in it is not Unicode: {wrong.Message}", wrong);
        }

        return checker.Errors;
    }

    private static void ThrowIfAny(IReadOnlyList<FieldError> errors, string document)
    {
        if (errors.Count > 0)
        {
            throw new InvalidInputException(document, errors);
        }
    }
}
