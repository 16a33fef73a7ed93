using Distil.Core.Errors;
using Distil.Core.Models.Folders;
using Distil.Core.Safetensors;

namespace Distil.Inference.Models;

/// <summary>The tensors of a student's folder: those that are read, and those that are not.</summary>
internal static class StudentTensors
{
    /// <summary>Refuses a number of layers that the weights cannot have, before anything is reserved for each of them.</summary>
    /// <param name="file">The folder's weights.</param>
    /// <param name="layers">The number in the configuration.</param>
    /// <exception cref="InvalidInputException">The weights have fewer tensors.</exception>
    internal static void RequireLayers(WeightFolder file, int layers)
    {
        if (layers > file.Stored.ByName.Count)
        {
            throw new InvalidInputException(
                $"{Path.Combine(file.Stored.Folder, XlstmConfigFile.Name)}: num_hidden_layers is {layers}; "
                + $"the weights have only {file.Stored.ByName.Count} tensors");
        }
    }

    /// <summary>Checks the tensors that are not read.</summary>
    /// <param name="file">The folder's weights.</param>
    /// <param name="names">The names of those that are read, if they exist.</param>
    /// <param name="inside">Beginnings of the names of tensors that belong to a student of this kind.</param>
    /// <param name="warnings">What was not read of the configuration.</param>
    /// <exception cref="InvalidInputException">A tensor of the student is not read.</exception>
    internal static ModelReading Check(WeightFolder file, IEnumerable<string> names, IReadOnlyList<string> inside, params IReadOnlyList<string> warnings)
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

        return ModelReading.Of(read, [.. warnings, .. file.Warnings, .. StoredTensors.Unread(unread, "they are outside the model and are not read")]);
    }
}
