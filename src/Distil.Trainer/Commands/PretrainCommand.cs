using System.CommandLine;
using System.Globalization;
using Distil.Core.Documents;
using Distil.Core.Specification;
using Distil.Trainer.Pretraining;

namespace Distil.Trainer.Commands;

/// <summary><c>pretrain</c>: trains a small qwen2 teacher from scratch and writes it as a Hugging Face folder.</summary>
internal static class PretrainCommand
{
    private static readonly TimeSpan PrintEvery = TimeSpan.FromSeconds(2);

    internal static Command Create()
    {
        var tokenizer = new Option<string>("--tokenizer") { Required = true, Description = "tokenizer.json or its folder." };
        var train = new Option<string>("--train") { Required = true, Description = "Text to train on, one document per line." };
        var eval = new Option<string>("--eval") { Required = true, Description = "Held-out text, one document per line." };
        var output = new Option<string>("--output") { Required = true, Description = "The model folder to write." };
        var steps = new Option<long>("--steps") { Required = true, Description = "Optimiser steps." };
        var hidden = Number("--hidden", 160, "Model width.");
        var layers = Number("--layers", 6, "Layers.");
        var heads = Number("--heads", 4, "Query heads.");
        var kvHeads = Number("--kv-heads", 2, "Key and value heads.");
        var intermediate = Number("--intermediate", 448, "Width of the feed-forward.");
        var context = Number("--context", 512, "Tokens in a row, and the model's longest context.");
        var batch = Number("--batch", 32, "Rows in a step.");
        var learningRate = Number("--learning-rate", 3e-3, "AdamW's peak learning rate.");
        var weightDecay = Number("--weight-decay", 0.1, "AdamW's decoupled weight decay.");
        var warmup = Number("--warmup", 200L, "Steps of linear warm-up.");
        var seed = Number("--seed", 1, "Seeds weights and row order.");
        var device = new Option<ComputeDevice>("--device") { Description = "auto (CUDA if available), cpu or cuda." };
        var precision = new Option<MatrixPrecision>("--precision") { Description = "Matrix products on a GPU: tf32 (default) or fp32." };
        var saveDtype = Number("--save-dtype", Precision.Bf16, "Written weights: bf16 (default) or fp32.");
        var command = new Command("pretrain", "Train a small Transformer from scratch, to be a teacher.")
        {
            tokenizer, train, eval, output, steps, hidden, layers, heads, kvHeads, intermediate, context, batch,
            learningRate, weightDecay, warmup, seed, device, precision, saveDtype,
        };
        command.SetAction((parsed, cancel) =>
        {
            Run(
                new PretrainSettings
                {
                    Tokenizer = parsed.GetRequiredValue(tokenizer), Train = parsed.GetRequiredValue(train), Eval = parsed.GetRequiredValue(eval),
                    Output = parsed.GetRequiredValue(output), Steps = parsed.GetRequiredValue(steps), Hidden = parsed.GetValue(hidden),
                    Layers = parsed.GetValue(layers), Heads = parsed.GetValue(heads), KeyValueHeads = parsed.GetValue(kvHeads),
                    Intermediate = parsed.GetValue(intermediate), Context = parsed.GetValue(context), Batch = parsed.GetValue(batch),
                    LearningRate = parsed.GetValue(learningRate), WeightDecay = parsed.GetValue(weightDecay), Warmup = parsed.GetValue(warmup),
                    Seed = parsed.GetValue(seed),
                    Device = parsed.GetValue(device),
                    Precision = parsed.GetValue(precision),
                    SaveDtype = parsed.GetValue(saveDtype),
                },
                "distil pretrain " + string.Join(' ', parsed.Tokens.Select(token => token.Value).Where(word => word != "pretrain")),
                cancel);
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(PretrainSettings settings, string command, CancellationToken cancel)
    {
        var time = TimeProvider.System;
        var (began, printed) = (time.GetTimestamp(), 0L);
        var result = new Pretrainer(settings, time).Run(
            command,
            step =>
            {
                if (step.GlobalStep + 1 < settings.Steps && printed != 0 && time.GetElapsedTime(printed) < PrintEvery)
                {
                    return;
                }

                printed = time.GetTimestamp();
                Console.WriteLine(Line(step, settings.Steps, time.GetElapsedTime(began)));
            },
            cancel);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{settings.Output}: {result.Parameters} parameters, {result.Seconds} s on {result.Device}, "
            + $"held-out perplexity {result.EvalPerplexity:f3} over {result.EvalTokens} tokens"));
    }

    private static string Line(StepMetrics step, long steps, TimeSpan elapsed)
    {
        var left = elapsed * ((steps - step.GlobalStep - 1) / (double)(step.GlobalStep + 1));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"step {step.GlobalStep + 1}/{steps}  loss {step.Loss:f4}  lr {step.LearningRate:e2}  "
            + $"{step.TokensPerSecond:f0} tokens/s  {left:hh\\:mm\\:ss} left");
    }

    private static Option<T> Number<T>(string name, T value, string description) => new(name) { DefaultValueFactory = _ => value, Description = description };
}
