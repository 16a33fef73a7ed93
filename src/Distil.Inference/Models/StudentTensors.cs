using Distil.Core.Errors;
using Distil.Core.Models.Folders;
using Distil.Core.Safetensors;

namespace Distil.Inference.Models;

/// <summary>The tensors of a student's folder: those that are read, and those that are not.</summary>
internal static class StudentTensors
{
    /// <summary>Checks the tensors that are not read.</summary>
    /// <param name="file">The folder's weights.</param>
    /// <param name="names">The names of those that are read, if they exist.</param>
    /// <param name="inside">Beginnings of the names of tensors that belong to a student of this kind.</param>
    /// <exception cref="InvalidInputException">A tensor of the student is not read.</exception>
    internal static ModelReading Check(WeightFolder file, IEnumerable<string> names, IReadOnlyList<string> inside)
    {
        var stored = file.Stored.ByName;
        var read = names.Select(name => stored.GetValueOrDefault(name)).OfType<StoredTensor>().ToHashSet();
        StoredTensor[] unread = [.. stored.Values.Except(read).OrderBy(tensor => tensor.Name, StringComparer.Ordinal)];
        if (unread.FirstOrDefault(tensor => inside.Any(part => tensor.Name.StartsWith(part, StringComparison.Ordinal))) is { } unknown)
        {
            throw new InvalidInputException(
                $"{unknown.Path}: contains {unknown.Name}, for which {XlstmConfigFile.Name} has no place; "
                + $"expected a {XlstmConfigFile.Name} that fits the weights");
        }

        return ModelReading.Of(read, [.. file.Warnings, .. StoredTensors.Unread(unread, "they are outside the model and are not read")]);
    }
}
