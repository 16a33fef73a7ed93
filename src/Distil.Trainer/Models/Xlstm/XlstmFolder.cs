using Distil.Core.Safetensors;
using Distil.Inference.Models;
using Distil.Trainer.Kernels;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm;

/// <summary>A student's folder: config.json and weights, under the authors' current names and their older ones.</summary>
internal static class XlstmFolder
{
    internal static XlstmModel Read(string folder, Device device, Backend? backend)
    {
        var (config, warnings) = XlstmConfigFile.ReadWhole(folder);
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var file = WeightFolder.Open(folder);
        var because = $"{XlstmConfigFile.Name} (embedding_dim {config.Width}, vocab_size {config.VocabularySize})";
        var embedding = file.ReadExact(XlstmTensorNames.Found(file, XlstmTensorNames.Embedding), [config.VocabularySize, config.Width], because, ScalarType.Float32, device);
        var tied = config.TieWeights && !file.Contains(XlstmTensorNames.Found(file, XlstmTensorNames.Head));
        var head = tied ? embedding : file.ReadExact(XlstmTensorNames.Found(file, XlstmTensorNames.Head), embedding.shape, because, ScalarType.Float32, device);
        var weights = XlstmParameter.Of(config).ToDictionary(
            parameter => parameter.FullName, parameter => Weight(file, parameter, config, because, device).DetachFromDisposeScope());
        IEnumerable<string> names = [XlstmTensorNames.Embedding, XlstmTensorNames.Head, .. XlstmParameter.Of(config).Select(parameter => parameter.FullName)];
        var reading = StudentTensors.Check(file, names.Select(name => XlstmTensorNames.Found(file, name)), XlstmTensorNames.Inside, warnings);
        return new(config, embedding.DetachFromDisposeScope(), head.DetachFromDisposeScope(), weights, backend) { Reading = reading };
    }

    internal static void Write(XlstmModel model, string folder, WeightStorage storage)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var weights = XlstmParameter.Of(model.Config).Zip(model.TrainableParameters, (parameter, value) => KeyValuePair.Create(
            parameter.FullName, model.Config.Layout == RecurrentLayout.Cuda ? value.Value : ToVanilla(parameter.Name, value.Value, model.Config.SlstmHeads)));
        var frozen = FrozenOf(model).Select(weight => KeyValuePair.Create(weight.Name, weight.Value));
        SafetensorsWriter.WriteFolder(folder, [.. frozen, .. weights], storage);
        XlstmConfigFile.Write(model.Config, folder, storage);
    }

    /// <summary>Embedding and head, as the folder has them: the head only if it is not the embedding.</summary>
    internal static IReadOnlyList<NamedParameter> FrozenOf(XlstmModel model)
    {
        var embedding = new NamedParameter(XlstmTensorNames.Embedding, model.EmbeddingWeight);
        return model.Config.TieWeights ? [embedding] : [embedding, new(XlstmTensorNames.Head, model.HeadWeight)];
    }

    private static Tensor Weight(WeightFolder file, XlstmParameter parameter, XlstmConfig config, string because, Device device)
    {
        var name = XlstmTensorNames.Found(file, parameter.FullName);
        if (parameter.Name is not (SLstmTensorNames.Recurrent or SLstmTensorNames.RecurrentBias))
        {
            return file.ReadExact(name, parameter.Shape, because, ScalarType.Float32, device);
        }

        var vanilla = XlstmTensorNames.IsVanilla(file, parameter.Block, config);
        long[] shape = vanilla && parameter.Name == SLstmTensorNames.Recurrent
            ? [parameter.Shape[0], parameter.Shape[2], parameter.Shape[1]]
            : parameter.Shape;
        var stored = file.ReadExact(name, shape, because, ScalarType.Float32, device);
        return vanilla ? FromVanilla(parameter.Name, stored, config.SlstmHeads) : stored;
    }

    private static Tensor FromVanilla(string name, Tensor stored, long heads) => name == SLstmTensorNames.Recurrent
        ? stored.transpose(1, 2).contiguous()
        : stored.view(4, heads, -1).transpose(0, 1).flatten();

    private static Tensor ToVanilla(string name, Tensor value, long heads) => name switch
    {
        SLstmTensorNames.Recurrent => value.transpose(1, 2).contiguous(),
        SLstmTensorNames.RecurrentBias => value.view(heads, 4, -1).transpose(0, 1).flatten(),
        _ => value,
    };
}
