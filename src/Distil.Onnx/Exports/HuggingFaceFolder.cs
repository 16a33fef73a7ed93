using Distil.Core.Models;
using Distil.Core.Safetensors;
using Distil.Inference.Models;
using Distil.Inference.Weights;
using Distil.Onnx.Weights;

namespace Distil.Onnx.Exports;

/// <summary>Writes a student's folder again, with weights in float32 or bfloat16: for transformers, with its Python code and under the current names.</summary>
internal static class HuggingFaceFolder
{
    /// <summary>Writes config.json, code and weights.</summary>
    /// <param name="student">The student's folder, of any version.</param>
    /// <param name="form">float32 or bfloat16.</param>
    /// <param name="folder">Where to.</param>
    internal static void Write(string student, WeightForm form, string folder)
    {
        var storage = WeightStorage.Of(bfloat16: form == WeightForm.Bf16);
        using var weights = MappedWeights.Open(student);
        WeightFolderOutput.Write(folder, [.. weights.Folder.Stored.ByName.Values.Select(Tensor)], storage.FileBytes);
        if (LinearisedConfigFile.Describes(student))
        {
            LinearisedConfigFile.Write(folder, LinearisedConfigFile.Read(student), storage);
            return;
        }

        // The weights' shapes decide which layout they have, whatever an earlier config says.
        var config = XlstmConfigFile.Read(student);
        var isVanilla = config.SlstmAt.Any(block => XlstmTensorNames.IsVanilla(weights.Folder, block, config));
        XlstmConfigFile.Write(config with { Layout = isVanilla ? RecurrentLayout.Vanilla : RecurrentLayout.Cuda }, folder, storage);

        TensorToWrite Tensor(StoredTensor stored)
        {
            var name = LinearisedConfigFile.Describes(student) ? stored.Name : XlstmTensorNames.Current(stored.Name);
            return new(name, storage.Dtype, stored.Entry.Shape, output =>
            {
                var tensor = weights.Find(stored.Name, stored.Entry.Shape, XlstmConfigFile.Name);
                if (form == WeightForm.Bf16)
                {
                    TensorStream.WriteBFloat16(tensor, output);
                }
                else
                {
                    TensorStream.WriteFloats(tensor, output);
                }
            });
        }
    }

    /// <summary>The bytes of the weights that <see cref="Write"/> would write.</summary>
    internal static long Measure(string student, WeightForm form)
    {
        using var weights = WeightFolder.Open(student);
        return weights.Stored.ByName.Values.Sum(tensor => tensor.Entry.Elements) * (form == WeightForm.Bf16 ? sizeof(ushort) : sizeof(float));
    }
}
