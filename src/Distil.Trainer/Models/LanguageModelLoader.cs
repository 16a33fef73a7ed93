using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Inference.Models;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Models.Xlstm;
using static TorchSharp.torch;

namespace Distil.Trainer.Models;

/// <summary>Reads a model folder of any supported architecture.</summary>
public static class LanguageModelLoader
{
    /// <summary>Reads the model of a folder; <c>model_type</c> in its <c>config.json</c> selects the architecture.</summary>
    /// <param name="folder">A Hugging Face folder.</param>
    /// <param name="device">Device of the weights.</param>
    /// <param name="dtype">Element type of a Transformer's weights there; a student's remain float32.</param>
    /// <param name="rotaryPrecision">As in <see cref="TransformerModel.Load"/>; a student has no rotary embedding.</param>
    /// <exception cref="InvalidInputException">The architecture is not supported, or something is missing or damaged.</exception>
    public static ILanguageModel Load(
        string folder, Device device, ScalarType dtype = ScalarType.Float32, ScalarType rotaryPrecision = ScalarType.Float32)
    {
        var config = ConfigDocument.Read(Path.Combine(folder, TransformerConfigFile.Name));
        return config.Text("model_type") switch
        {
            var type when FamilyTable.Find(type) is not null => TransformerModel.Load(folder, device, dtype, rotaryPrecision: rotaryPrecision),
            var type when XlstmConfigFile.IsStudent(type) => XlstmModel.Load(folder, device),
            LinearisedConfigFile.ModelType => LinearisedModel.Load(folder, device),
            _ => throw config.Wrong("model_type", $"{FamilyTable.ModelTypes}, {XlstmConfigFile.ModelType} or {LinearisedConfigFile.ModelType}"),
        };
    }
}
