using Distil.Core.Safetensors;
using Distil.Core.Specification;
using Distil.Inference.Models;
using Distil.Onnx.Students;
using Distil.Onnx.Weights;
using Distil.Onnx.Writing;

namespace Distil.Onnx;

/// <summary>Writes what remains of a student in a form as a student's folder in float32: its quality is the form's.</summary>
public static class RoundedStudent
{
    /// <summary>Which weights of a student a form rounds.</summary>
    /// <param name="student">The student's folder.</param>
    /// <param name="form">How large matrices are rounded.</param>
    /// <returns>Names of the weights that are not float32 then, with the form of each.</returns>
    /// <exception cref="Core.Errors.InvalidInputException">The folder is not a student's, or a file, field or tensor of it is missing or does not fit.</exception>
    public static IReadOnlyDictionary<string, WeightForm> FormsOf(string student, WeightForm form)
    {
        using var opened = OpenedStudent.Open(student);
        return opened.Build(new CountedData(), form).Rounded;
    }

    /// <summary>Writes config.json and the weights.</summary>
    /// <param name="student">The student's folder.</param>
    /// <param name="form">How large matrices are rounded.</param>
    /// <param name="folder">Where to; created if it is missing.</param>
    /// <exception cref="Core.Errors.InvalidInputException">The folder is not a student's, or a file, field or tensor of it is missing or does not fit.</exception>
    public static void Write(string student, WeightForm form, string folder)
    {
        using var opened = OpenedStudent.Open(student);
        var rounded = opened.Build(new CountedData(), form).Rounded;
        var tensors = opened.Weights.Folder.Stored.ByName.Values.Select(stored => new TensorToWrite(
            stored.Name, SafetensorsDtype.Of("F32"), stored.Entry.Shape, output =>
            {
                var tensor = opened.Weights.Find(stored.Name, stored.Entry.Shape, XlstmConfigFile.Name);
                TensorStream.WriteRounded(tensor, rounded.GetValueOrDefault(stored.Name, WeightForm.Fp32), output);
            }));
        Directory.CreateDirectory(folder);
        File.Copy(Path.Combine(student, XlstmConfigFile.Name), Path.Combine(folder, XlstmConfigFile.Name), overwrite: true);
        WeightFolderOutput.Write(folder, [.. tensors], WeightStorage.DefaultFileBytes);
    }
}
