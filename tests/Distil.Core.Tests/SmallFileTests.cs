using System.Diagnostics;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Safetensors;
using Distil.Core.Sources;
using Distil.Core.Tokenization;

namespace Distil.Core.Tests;

/// <summary>A pipe in the place of a file would be waited for until somebody writes into it: nobody does.</summary>
public sealed class SmallFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("distil-small-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_pipe_in_the_place_of_a_models_file_is_refused_at_once()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "it needs mkfifo");
        var pipe = Path.Combine(_folder, "config.json");
        using (var made = Process.Start("mkfifo", [pipe]))
        {
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Action<string>[] readers =
        [
            path => SmallFile.ReadBytes(path),
            path => ConfigDocument.Read(path),
            path => WeightIndex.Read(path, path),
            path => TokenizerJson.Read(path),
            path => SafetensorsFile.Open(path).Dispose(),
        ];
        Assert.All(readers, read => Assert.Contains(
            $"{pipe}: it is empty, or no file but a pipe or a device", Assert.Throws<InvalidInputException>(() => read(pipe)).Message, StringComparison.Ordinal));
        Assert.False(GitLfs.IsPointer(pipe));
        Assert.Equal(LocalSources.Fingerprint(EmptyFile()), LocalSources.Fingerprint(pipe));
    }

    [Fact]
    public void A_link_to_a_device_that_never_ends_is_refused()
    {
        Assert.SkipUnless(File.Exists("/dev/zero"), "it needs /dev/zero");
        var link = Path.Combine(_folder, "tokenizer.json");
        File.CreateSymbolicLink(link, "/dev/zero");
        Assert.StartsWith($"{link}: it is empty, or no file but", Assert.Throws<InvalidInputException>(() => TokenizerJson.Read(link)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_too_long_is_refused_before_it_is_read()
    {
        var path = Path.Combine(_folder, "long.json");
        using (var file = File.Create(path))
        {
            file.SetLength(SmallFile.MaxBytes + 1); // without its blocks
        }

        Assert.Contains("1,073,741,825 bytes; expected at most 1,073,741,824", Assert.Throws<InvalidInputException>(() => SmallFile.ReadBytes(path)).Message, StringComparison.Ordinal);
    }

    private string EmptyFile()
    {
        var path = Path.Combine(_folder, "empty");
        File.WriteAllText(path, "");
        return path;
    }
}
