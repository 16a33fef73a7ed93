using Distil.Core.Models;
using Distil.Core.Safetensors;
using Distil.Core.Specification;
using Distil.Inference.Models;
using Distil.Inference.Weights;
using Distil.Onnx.Students;
using Distil.Onnx.Weights;
using Distil.Onnx.Writing;

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
        if (LinearisedConfigFile.Describes(student))
        {
            var shape = LinearisedConfigFile.Read(student);
            WriteWeights(name => name);
            LinearisedConfigFile.Write(folder, shape, storage);
            return;
        }

        // The weights' shapes decide which layout they have, whatever an earlier config says.
        var config = XlstmConfigFile.Read(student);
        var isVanilla = config.SlstmAt.Any(block => XlstmTensorNames.IsVanilla(weights.Folder, block, config));
        WriteWeights(XlstmTensorNames.Current);
        XlstmConfigFile.Write(config with { Layout = isVanilla ? RecurrentLayout.Vanilla : RecurrentLayout.Cuda }, folder, storage);

        void WriteWeights(Func<string, string> nameOf) => WeightFolderOutput.Write(
            folder, [.. weights.Folder.Stored.ByName.Values.Select(stored => Tensor(nameOf(stored.Name), stored))], storage.FileBytes);

        TensorToWrite Tensor(string name, StoredTensor stored) => new(name, storage.Dtype, stored.Entry.Shape, output =>
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

    /// <summary>Checks the student, and returns the bytes of the weights that <see cref="Write"/> would write.</summary>
    /// <exception cref="Core.Errors.InvalidInputException">A file, field or tensor of the student is missing or does not fit.</exception>
    internal static long Measure(string student, WeightForm form)
    {
        using var opened = OpenedStudent.Open(student);
        opened.Build(new CountedData(), form);
        return opened.Weights.Folder.Stored.ByName.Values.Sum(tensor => tensor.Entry.Elements) * form.Bits / 8;
    }
}
