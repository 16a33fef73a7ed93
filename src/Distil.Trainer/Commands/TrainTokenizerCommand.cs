using System.CommandLine;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Trainer.Datasets;
using Distil.Trainer.Datasets.Sources;

namespace Distil.Trainer.Commands;

/// <summary><c>train-tokenizer</c>: learns a tokenizer from text and writes it as a Hugging Face folder.</summary>
internal static class TrainTokenizerCommand
{
    internal static Command Create(SourceCatalog catalog)
    {
        var input = new Option<string[]>("--input") { Required = true, AllowMultipleArgumentsPerToken = true, Description = "Files, folders or globs." };
        var format = new Option<DatasetFormat>("--format") { Description = "text (one document per line), jsonl or parquet." };
        var field = new Option<string>("--text-field")
        {
            DefaultValueFactory = _ => "text",
            Description = "The JSONL field or Parquet column that contains a document.",
        };
        var vocabulary = new Option<int>("--vocab") { Required = true, Description = "Tokens, ≥ 257." };
        var output = new Option<string>("--output") { Required = true, Description = "Folder to write tokenizer.json and tokenizer_config.json to." };
        var command = new Command("train-tokenizer", "Learn a byte-level BPE vocabulary from text.") { input, format, field, vocabulary, output };
        command.SetAction(async (parsed, cancel) =>
        {
            var learned = await RunAsync(
                parsed.GetRequiredValue(input),
                parsed.GetValue(format),
                parsed.GetRequiredValue(field),
                parsed.GetRequiredValue(vocabulary),
                parsed.GetRequiredValue(output),
                catalog,
                cancel);
            Console.WriteLine($"{learned.Tokens.Count} tokens, {learned.Merges.Count} merges");
        });
        return command;
    }

    /// <exception cref="InvalidInputException">A source, a line or the vocabulary size cannot be used.</exception>
    internal static async Task<TrainedVocabulary> RunAsync(
        IReadOnlyList<string> sources, DatasetFormat format, string textField, int vocabularySize,
        string output, SourceCatalog catalog, CancellationToken cancel)
    {
        var documents = new Documents(format, textField, vocabularySize, new SourceOpener(catalog, cancel: cancel));
        var files = await catalog.ListAsync(sources, format, FieldPath.Named("--input"), cancel);
        var texts = files
            .SelectMany(file => documents.ReadUsable(SourceRange.Of(file, 0, file.Bytes)))
            .Select(document => document.Text ?? throw new InvalidInputException("--input has documents of ids; expected text"));
        var learned = BpeTrainer.Train(texts, vocabularySize);
        learned.Save(output);
        return learned;
    }
}
