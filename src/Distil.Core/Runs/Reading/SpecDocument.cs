using Distil.Core.Errors;

namespace Distil.Core.Runs.Reading;

/// <summary>The text of a specification, read once: a pipe cannot be read twice.</summary>
/// <param name="Text">The text.</param>
/// <param name="Name">Its name in messages, for instance <c>spec.json</c>.</param>
/// <param name="Folder">The folder at which relative paths in it start: the file's, or the current one if it comes from a pipe.</param>
public sealed record SpecDocument(string Text, string Name, string Folder)
{
    /// <summary>Maximum length of a file, in characters: a specification has some thousand, and a device may never end.</summary>
    internal const int MaxLength = 16 << 20;

    /// <summary>Reads a file, a pipe or a device.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="InvalidInputException">It does not exist, is a folder, or is too long for a specification.</exception>
    public static SpecDocument Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new InvalidInputException(Directory.Exists(path)
                ? $"{path}: it is a folder; expected a run specification, a JSON file"
                : $"{(path.Length > 0 ? path : "\"\"")}: there is no such file; expected a run specification");
        }

        using var file = new StreamReader(path);
        var folder = file.BaseStream.CanSeek ? Path.GetDirectoryName(Path.GetFullPath(path))! : Environment.CurrentDirectory;
        return new SpecDocument(Whole(file, path), Path.GetFileName(path), folder);
    }

    private static string Whole(StreamReader file, string path)
    {
        var (text, part) = (new System.Text.StringBuilder(), new char[64 << 10]);
        while (file.Read(part) is > 0 and var read)
        {
            text.Append(part, 0, read);
            if (text.Length > MaxLength)
            {
                throw new InvalidInputException($"{path}: it has more than {MaxLength:N0} characters; expected a run specification");
            }
        }

        return text.ToString();
    }
}
