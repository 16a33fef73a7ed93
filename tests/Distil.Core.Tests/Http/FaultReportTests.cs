using Azure;
using Distil.Core.Errors;
using Distil.Core.Http;

namespace Distil.Core.Tests.Http;

public sealed class FaultReportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_nothing_foresaw_is_said_to_be_a_fault_of_distil_and_its_details_are_in_a_file_without_secrets()
    {
        var report = FaultReport.Of(Thrown(new KeyNotFoundException("no https://h.org/a?sig=hush here\nmore")), _folder.Path);
        var file = Assert.Single(Directory.GetFiles(_folder.Path));
        Assert.Equal(1, report.ExitCode);
        Assert.StartsWith("this is a fault in distil, not in your input: KeyNotFoundException: no https://h.org/a", report.Message, StringComparison.Ordinal);
        Assert.Contains(file, report.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", report.Message, StringComparison.Ordinal);
        var details = File.ReadAllText(file);
        Assert.Contains(nameof(Thrown), details, StringComparison.Ordinal); // the stack trace
        Assert.DoesNotContain("hush", details, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", report.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_no_second_fault()
    {
        var file = _folder.Write("file", "");
        Assert.Contains("could not be written", FaultReport.Of(new KeyNotFoundException("x"), file).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Foreseen_ends_have_their_message_alone_and_their_exit_code()
    {
        (Exception Error, int ExitCode)[] cases =
        [
            (new InvalidInputException("a.txt: bad"), 2), (new FileNotFoundException("a.txt: bad"), 2), (new UnauthorizedAccessException("a.txt: bad"), 2),
            (new RemoteException("a.txt: bad"), 1), (new IOException("a.txt: bad"), 1),
        ];
        Assert.All(cases, each => Assert.Equal(new FaultReport("a.txt: bad", each.ExitCode), FaultReport.Of(each.Error, _folder.Path)));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void An_answer_of_the_storage_has_its_status_and_what_to_look_at()
    {
        Assert.Equal(
            new FaultReport("the storage refuses access (403 AuthenticationFailed): Service request failed. "
                + "Check the key or the roles of the account that AZURE_STORAGE_CONNECTION_STRING names", 1),
            FaultReport.Of(new RequestFailedException(403, "Service request failed.\nStatus: 403", "AuthenticationFailed", null), _folder.Path));
        Assert.Equal(
            new FaultReport("the storage answered 409: it is there", 1), FaultReport.Of(new RequestFailedException(409, "it is there"), _folder.Path));
        Assert.Equal(new FaultReport("storage a does not answer", 1), FaultReport.Of(new RequestFailedException("storage a does not answer"), _folder.Path));
    }

    private static Exception Thrown(Exception error)
    {
        try
        {
            throw error;
        }
        catch (KeyNotFoundException caught)
        {
            return caught;
        }
    }
}
