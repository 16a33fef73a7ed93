using System.Diagnostics;
using System.Text;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Tokenization;
using Distil.Inference.Generation;
using Distil.Inference.Sampling;
using Distil.Trainer.Generation;

namespace Distil.Trainer.Commands;

/// <summary>A prompt and its continuation, as <c>generate</c> prints them.</summary>
/// <param name="Prompt">The text that was continued.</param>
/// <param name="Text">Its continuation.</param>
/// <param name="PromptTokens">Number of tokens of the prompt.</param>
/// <param name="Tokens">Number of new tokens.</param>
/// <param name="Seconds">Time for reading the prompt and generating them.</param>
internal sealed record ContinuedText(string Prompt, string Text, int PromptTokens, int Tokens, double Seconds)
{
    /// <summary>Continues a prompt.</summary>
    /// <param name="input">The prompt and the model.</param>
    /// <param name="sampling">How tokens are chosen.</param>
    /// <param name="show">Receives the prompt, then each piece of text as soon as it is certain.</param>
    /// <param name="cancel">Checked before each token.</param>
    /// <exception cref="InvalidInputException">The model, its tokenizer or an option cannot be used, or the text would exceed the context of a model that has attention over all of it.</exception>
    internal static ContinuedText Of(GenerateInput input, SamplingOptions sampling, Action<string> show, CancellationToken cancel)
    {
        if (input.Tokens < 1)
        {
            throw new InvalidInputException($"--tokens is {input.Tokens}; expected 1 or more");
        }

        var tokenizer = HuggingFaceTokenizer.Load(input.Model);
        using var opened = OpenedTextModel.Open(input.Model, input.Device, input.Engine);
        ModelFolder.Warn(opened.Reading);
        VocabularyCheck.RequireFits(input.Model, tokenizer.VocabularySize, input.Model, opened.Model.VocabularySize);
        List<int> prompt = tokenizer.EncodePrompt(input.Prompt) is { Count: > 0 } ids ? ids : [tokenizer.EndOfText];
        if (prompt.Count + (long)input.Tokens is var length && length > opened.Model.MaxPositions)
        {
            throw new InvalidInputException(
                $"the length of --prompt and --tokens together is {length}; the model's config.json (max_position_embeddings) allows {opened.Model.MaxPositions}");
        }

        // Prompt and options are checked here, before anything is shown.
        var tokens = new Generator(opened.Model).Continue(prompt, sampling, input.Tokens, tokenizer.EndOfText, cancel);
        show(input.Prompt);
        var (text, stream) = (new StringBuilder(), new TextStream(tokenizer.Decode));
        var start = Stopwatch.GetTimestamp();
        var made = 0;
        try
        {
            foreach (var token in tokens)
            {
                Add(stream.Add(token));
                made++;
            }
        }
        catch (ArithmeticException notFinite)
        {
            throw new InvalidInputException($"{input.Model}: {notFinite.Message} after {made} new tokens; expected finite numbers", notFinite);
        }

        Add(stream.Flush());
        return new ContinuedText(input.Prompt, text.ToString(), prompt.Count, made, Stopwatch.GetElapsedTime(start).TotalSeconds);

        void Add(string piece)
        {
            text.Append(piece);
            show(piece);
        }
    }
}
