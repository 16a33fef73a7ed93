using Distil.Core.Safetensors;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm.SLstm;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm;

/// <summary>A student's folder: config.json and weights, under the authors' current names and their older ones.</summary>
internal static class XlstmFolder
{
    private const string Embedding = "xlstm.embedding.weight", Head = "lm_head.weight";

    /// <summary>Names of tensors in older published checkpoints.</summary>
    private static readonly Dictionary<string, string[]> OlderNames = new()
    {
        [Head] = ["maybe_lm_head.weight"],
        [XlstmParameter.FinalNorm] = ["xlstm.backbone.out_norm.weight", "backbone.out_norm.weight"],
    };

    internal static XlstmModel Read(string folder, Device device, Backend? backend)
    {
        var config = XlstmConfigFile.Read(folder);
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var file = WeightFolder.Open(folder);
        var because = $"{XlstmConfigFile.Name} (embedding_dim {config.Width}, vocab_size {config.VocabularySize})";
        var embedding = file.ReadExact(Found(file, Embedding), [config.VocabularySize, config.Width], because, ScalarType.Float32, device);
        var tied = config.TieWeights && !file.Contains(Found(file, Head));
        var head = tied ? embedding : file.ReadExact(Found(file, Head), embedding.shape, because, ScalarType.Float32, device);
        var weights = XlstmParameter.Of(config).ToDictionary(
            parameter => parameter.FullName, parameter => Weight(file, parameter, config, because, device).DetachFromDisposeScope());
        return new(config, embedding.DetachFromDisposeScope(), head.DetachFromDisposeScope(), weights, backend);
    }

    internal static void Write(XlstmModel model, string folder)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var weights = XlstmParameter.Of(model.Config).Zip(model.TrainableParameters, (parameter, value) => KeyValuePair.Create(
            parameter.FullName, model.Config.Layout == RecurrentLayout.Cuda ? value.Value : ToVanilla(parameter.Name, value.Value, model.Config.SlstmHeads)));
        var frozen = new List<KeyValuePair<string, Tensor>> { new(Embedding, model.EmbeddingWeight) };
        if (!model.Config.TieWeights)
        {
            frozen.Add(new(Head, model.HeadWeight));
        }
        SafetensorsWriter.Write(Path.Combine(folder, WeightFolder.SingleName), [.. frozen, .. weights]);
        XlstmConfigFile.Write(model.Config, folder);
    }

    /// <summary>Returns the name of a tensor in the file; the current name if the file does not contain it.</summary>
    private static string Found(WeightFolder file, string name)
    {
        if (file.Contains(name))
        {
            return name;
        }

        string[] older = OlderNames.GetValueOrDefault(name, []);
        return older.FirstOrDefault(file.Contains)
            ?? (name.StartsWith("xlstm.", StringComparison.Ordinal) && file.Contains(name[6..]) ? name[6..] : name);
    }

    private static Tensor Weight(WeightFolder file, XlstmParameter parameter, XlstmConfig config, string because, Device device)
    {
        var name = Found(file, parameter.FullName);
        if (parameter.Name is not (SLstmWeights.RecurrentName or SLstmWeights.RecurrentBiasName))
        {
            return file.ReadExact(name, parameter.Shape, because, ScalarType.Float32, device);
        }

        var vanilla = IsVanilla(file, parameter.Block, config);
        long[] shape = vanilla && parameter.Name == SLstmWeights.RecurrentName
            ? [parameter.Shape[0], parameter.Shape[2], parameter.Shape[1]]
            : parameter.Shape;
        var stored = file.ReadExact(name, shape, because, ScalarType.Float32, device);
        return vanilla ? FromVanilla(parameter.Name, stored, config.SlstmHeads) : stored;
    }

    /// <summary>The kernel's shape determines the layout of kernel and bias; a bias has the same shape in both layouts.</summary>
    private static bool IsVanilla(WeightFolder file, int block, XlstmConfig config)
    {
        var kernel = Found(file, XlstmParameter.FullNameOf(block, SLstmWeights.RecurrentName));
        if (!file.Entries.TryGetValue(kernel, out var entry))
        {
            return false;
        }

        long size = config.Width / config.SlstmHeads;
        return entry.Shape.SequenceEqual([config.SlstmHeads, 4 * size, size]);
    }

    private static Tensor FromVanilla(string name, Tensor stored, long heads) => name == SLstmWeights.RecurrentName
        ? stored.transpose(1, 2).contiguous()
        : stored.view(4, heads, -1).transpose(0, 1).flatten();

    private static Tensor ToVanilla(string name, Tensor value, long heads) => name switch
    {
        SLstmWeights.RecurrentName => value.transpose(1, 2).contiguous(),
        SLstmWeights.RecurrentBiasName => value.view(heads, 4, -1).transpose(0, 1).flatten(),
        _ => value,
    };
}
