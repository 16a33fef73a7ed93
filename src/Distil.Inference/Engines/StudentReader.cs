using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Inference.Matrices;
using Distil.Inference.Models;
using Distil.Inference.Weights;

namespace Distil.Inference.Engines;

/// <summary>Reads a student of either kind from its folder.</summary>
internal static class StudentReader
{
    /// <summary>Whether a folder is that of a student.</summary>
    internal static bool Describes(string folder) =>
        ConfigDocument.Read(Path.Combine(folder, XlstmConfigFile.Name)).Text("model_type") is var type
        && (type == LinearisedConfigFile.ModelType || XlstmConfigFile.IsStudent(type));

    /// <summary>Maps the weights and reads the student; the weights must be disposed after it.</summary>
    /// <exception cref="InvalidInputException">A file is missing or damaged, or a field or tensor does not fit; the message names it.</exception>
    internal static (MappedWeights Weights, StudentNetwork Network) Read(string folder, WeightFormat format)
    {
        Func<MappedWeights, StudentNetwork> read;
        if (LinearisedConfigFile.Describes(folder))
        {
            var shape = LinearisedConfigFile.Read(folder);
            read = weights => new LinearisedReader(weights, shape, format).Read();
        }
        else
        {
            var (config, warnings) = XlstmConfigFile.ReadWhole(folder);
            read = weights => new XlstmReader(weights, config, warnings, format).Read();
        }

        var mapped = MappedWeights.Open(folder);
        try
        {
            return (mapped, read(mapped));
        }
        catch
        {
            mapped.Dispose();
            throw;
        }
    }
}
