using System.CommandLine;
using Distil.Core.Errors;
using Distil.Core.Safetensors;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Safetensors;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands;

/// <summary><c>forward</c>: computes logits and hidden states of token ids, from and to safetensors files.</summary>
internal static class ForwardCommand
{
    private const string Float32 = "float32", BFloat16 = "bfloat16";

    internal static Command Create(SourceCatalog catalog)
    {
        var model = new Option<string>("--model")
        {
            Required = true,
            Description = "A teacher (qwen2, qwen3, llama) or a student (xlstm): a folder, or hf://owner/name[@revision].",
        };
        var input = new Option<string>("--input") { Required = true, Description = "Safetensors file with input_ids, int64 (B, S)." };
        var output = new Option<string>("--output") { Required = true, Description = "Safetensors file to write: logits, hidden_states.{i}, float32." };
        var device = new Option<ComputeDevice>("--device") { Description = "auto (CUDA if available), cpu or cuda." };
        var rotary = new Option<string>("--rotary-precision")
        {
            Description = "Type to which a teacher's rotary frequencies are rounded: float32, or bfloat16 as in a model that was cast as a whole.",
            DefaultValueFactory = _ => Float32,
        };
        rotary.AcceptOnlyFromAmong(Float32, BFloat16);
        var precision = new Option<Precision>("--precision")
        {
            Description = "Precision of a student's arithmetic: fp32 (default) or bf16, as in training on a GPU.",
        };
        var command = new Command("forward", "Run a model over token ids and write its logits and hidden states.")
        {
            model, input, output, device, rotary, precision,
        };
        command.SetAction(async (parsed, cancel) => Run(
            await ModelFolder.FetchAsync(parsed.GetRequiredValue(model), "--model", catalog, cancel), parsed.GetRequiredValue(input),
            parsed.GetRequiredValue(output), TorchDevice.Of(parsed.GetValue(device)),
            parsed.GetValue(rotary) == BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32, parsed.GetValue(precision)));
        return command;
    }

    /// <exception cref="InvalidInputException">The model or the ids cannot be used.</exception>
    internal static void Run(
        string modelFolder, string input, string output, Device device, ScalarType rotaryPrecision = ScalarType.Float32, Precision precision = Precision.Fp32)
    {
        using var pause = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var model = LanguageModelLoader.Load(modelFolder, device, rotaryPrecision: rotaryPrecision);
        ModelFolder.Warn(model.Reading);
        if (precision == Precision.Bf16)
        {
            (model as IStudentModel)?.UseBFloat16();
        }
        var ids = ReadIds(input, model);
        var (final, layers) = model.ForwardWithLayers(ids.to(device));
        var results = new List<KeyValuePair<string, Tensor>> { new("logits", model.LogitsOf(final)) }; // (B, S, V)
        for (var i = 0; i < layers.Count; i++)
        {
            results.Add(new($"hidden_states.{i}", layers[i]));
        }

        // A teacher's last hidden state is already its last entry, as in Hugging Face.
        if (model is not TransformerModel)
        {
            results.Add(new("last_hidden_state", final));
        }

        SafetensorsWriter.Write(output, results.Select(item => KeyValuePair.Create(item.Key, item.Value.to(ScalarType.Float32))));
    }

    private static Tensor ReadIds(string path, ILanguageModel model)
    {
        using var file = SafetensorsFile.Open(path);
        var ids = file.Read("input_ids");
        if (ids.dtype != ScalarType.Int64 || ids.dim() != 2 || ids.numel() == 0)
        {
            throw new InvalidInputException($"{path}: input_ids is {file.Entries["input_ids"]}; expected [B, S] I64 with at least one token");
        }

        var (least, most) = (ids.min().item<long>(), ids.max().item<long>());
        if (least < 0 || most >= model.VocabularySize)
        {
            throw new InvalidInputException($"{path}: input_ids has ids from {least} to {most}; the model takes 0 to {model.VocabularySize - 1}");
        }

        (model as TransformerModel)?.RequireContext(ids.shape[1], $"{path}: the length of input_ids");
        return ids;
    }
}
