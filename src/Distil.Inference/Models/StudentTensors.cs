using Distil.Core.Errors;
using Distil.Core.Models.Folders;
using Distil.Core.Safetensors;

namespace Distil.Inference.Models;

/// <summary>The tensors of a student's folder: those that are read, and those that are not.</summary>
internal static class StudentTensors
{
    /// <summary>Beginnings of the names of tensors that belong to a student.</summary>
    private static readonly string[] Inside = ["xlstm.", "backbone.", "embedding.", "lm_head.", "maybe_lm_head."];

    /// <summary>Checks the tensors that are not read.</summary>
    /// <param name="file">The folder's weights.</param>
    /// <param name="names">The names of those that are read, if they exist.</param>
    /// <exception cref="InvalidInputException">A tensor of the student is not read.</exception>
    internal static ModelReading Check(WeightFolder file, IEnumerable<string> names)
    {
        var stored = file.Stored.ByName;
        var read = names.Select(name => stored.GetValueOrDefault(name)).OfType<StoredTensor>().ToHashSet();
        StoredTensor[] unread = [.. stored.Values.Except(read).OrderBy(tensor => tensor.Name, StringComparer.Ordinal)];
        if (unread.FirstOrDefault(tensor => Inside.Any(part => tensor.Name.StartsWith(part, StringComparison.Ordinal))) is { } inside)
        {
            throw new InvalidInputException(
                $"{inside.Path}: contains {inside.Name}, for which {XlstmConfigFile.Name} has no place; "
                + $"expected a {XlstmConfigFile.Name} that fits the weights");
        }

        return ModelReading.Of(read, [.. file.Warnings, .. StoredTensors.Unread(unread, "they are outside the model and are not read")]);
    }
}
