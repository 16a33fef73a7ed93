using System.Diagnostics;
using Distil.Core.Errors;
using Distil.Core.Runs.Reading;

namespace Distil.Core.Tests.Runs.Reading;

public sealed class SpecDocumentTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("distil-spec-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_specification_may_come_from_a_pipe_and_its_paths_start_at_the_current_folder()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "it needs mkfifo");
        var pipe = Path.Combine(_folder, "pipe");
        using (var made = Process.Start("mkfifo", [pipe]))
        {
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var writing = Task.Run(() => File.WriteAllText(pipe, "{ }"), TestContext.Current.CancellationToken);
        var read = SpecDocument.Read(pipe);
        await writing;
        Assert.Equal(new SpecDocument("{ }", "pipe", Environment.CurrentDirectory), read);
    }

    [Fact]
    public void The_paths_of_a_file_start_at_its_folder()
    {
        var file = Path.Combine(_folder, "run.json");
        File.WriteAllText(file, "{}");
        Assert.Equal(new SpecDocument("{}", "run.json", _folder), SpecDocument.Read(file));
    }

    [Fact]
    public void A_folder_is_named_as_one() =>
        Assert.Equal($"{_folder}: it is a folder; expected a run specification, a JSON file", Assert.Throws<InvalidInputException>(() => SpecDocument.Read(_folder)).Message);

    [Fact]
    public void A_device_that_never_ends_is_refused()
    {
        Assert.SkipUnless(File.Exists("/dev/zero"), "it needs /dev/zero");
        Assert.StartsWith("/dev/zero: it has more than", Assert.Throws<InvalidInputException>(() => SpecDocument.Read("/dev/zero")).Message, StringComparison.Ordinal);
    }
}
