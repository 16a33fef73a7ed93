using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Trainer.Datasets;

namespace Distil.Trainer.Commands;

/// <summary><c>tokenize</c>: converts texts to ids and decodes them again, from and to JSONL files.</summary>
internal static class TokenizeCommand
{
    private static readonly JsonSerializerOptions Format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static Command Create()
    {
        var tokenizer = new Option<string>("--tokenizer") { Required = true, Description = "tokenizer.json, or its folder." };
        var input = new Option<string>("--input") { Required = true, Description = "JSONL file with {\"text\"} a line." };
        var output = new Option<string>("--output") { Required = true, Description = "JSONL file to write: {\"ids\", \"decoded\"} a line." };
        var command = new Command("tokenize", "Turn texts into token ids and back.") { tokenizer, input, output };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(tokenizer), parsed.GetRequiredValue(input), parsed.GetRequiredValue(output)));
        return command;
    }

    /// <exception cref="InvalidInputException">The tokenizer or a line cannot be used.</exception>
    internal static void Run(string tokenizerPath, string input, string output)
    {
        SourceName.RequireFits(input, DatasetFormat.Jsonl, FieldPath.Named("--input"));
        var file = new SourceRange(input, 0, LocalSources.LengthOf(input));
        var tokenizer = HuggingFaceTokenizer.Load(tokenizerPath);
        var documents = new Documents(DatasetFormat.Jsonl, "text", tokenizer.VocabularySize);
        AtomicFile.WriteLines(
            output, documents.ReadUsable(file).Select(document => Line(tokenizer, document)));
    }

    private static string Line(HuggingFaceTokenizer tokenizer, Document document)
    {
        var ids = document.Ids ?? [.. tokenizer.Encode(document.Text!)];
        return JsonSerializer.Serialize(new { ids, decoded = tokenizer.Decode(ids) }, Format);
    }
}
