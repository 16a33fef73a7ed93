using Distil.Cli.Commands;
using Distil.Cli.Commands.Doctor;

namespace Distil.Cli.Tests.Commands;

public sealed class DoctorTests
{
    [Theory]
    [InlineData("v22.1.0", true, "Good", "v22.1.0")]
    [InlineData("v18.20.1", true, "Bad", "is v18.20.1; expected 20 or later")]
    [InlineData(null, true, "Bad", "is not on the path, or does not say its version")]
    [InlineData(null, false, "Good", "is not needed")]
    public async Task Node_is_needed_in_version_20_unless_a_storage_account_is_named(string? version, bool needsStorage, string grade, string text)
    {
        var finding = await Programs.NodeAsync((_, _) => Task.FromResult(version), needsStorage);
        Assert.Equal(grade, finding.Grade.ToString());
        Assert.StartsWith(text, finding.Text, StringComparison.Ordinal);
        Assert.Equal(finding.Grade == FindingGrade.Good, finding.Cure is null);
    }

    [Fact]
    public async Task A_machine_without_a_GPU_is_noted_and_cards_are_named()
    {
        Assert.Equal(FindingGrade.Warning, (await Programs.GpuAsync((_, _) => Task.FromResult<string?>(null))).Grade);
        var cards = await Programs.GpuAsync((_, _) => Task.FromResult<string?>("NVIDIA H200, 143771 MiB, 570.1\nNVIDIA H200, 143771 MiB, 570.1\n"));
        Assert.Equal((FindingGrade.Good, "NVIDIA H200, 143771 MiB, 570.1; NVIDIA H200, 143771 MiB, 570.1"), (cards.Grade, cards.Text));
    }

    [Fact]
    public async Task The_memory_of_the_largest_card_counts()
    {
        Assert.Equal(81_920L << 20, (await LocalMachine.MemoryAsync((_, _) => Task.FromResult<string?>("40960\n81920\n"))).CardBytes);
        Assert.Null((await LocalMachine.MemoryAsync((_, _) => Task.FromResult<string?>(null))).CardBytes);
    }

    [Fact]
    public async Task A_program_that_is_missing_has_no_output() => Assert.Null(await Programs.RunAsync("no-such-program-of-distil", []));

    [Fact]
    public void A_disk_that_is_almost_full_has_a_cure()
    {
        Assert.Equal(FindingGrade.Good, Surroundings.Disk("disk", "/home", _ => 1L << 40).Grade);
        var full = Surroundings.Disk("disk", "/home", _ => 1L << 20);
        Assert.Equal((FindingGrade.Warning, "/home has 1.0 MB free"), (full.Grade, full.Text));
        Assert.Contains("distil gc", full.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hub_that_does_not_answer_is_noted()
    {
        using var client = new HttpClient();
        var finding = await Surroundings.HubAsync(new Uri("http://127.0.0.1:1"), client);
        Assert.Equal(FindingGrade.Warning, finding.Grade);
        Assert.StartsWith("http://127.0.0.1:1/ does not answer", finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Proxies_are_shown_without_their_passwords()
    {
        var finding = Surroundings.Proxy(name => name == "HTTPS_PROXY" ? "http://me:hush@proxy.example:3128" : null);
        Assert.StartsWith("HTTPS_PROXY=http://proxy.example:3128;", finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_finding_is_a_line_and_its_cure_another() => Assert.Equal(
        "ok    node  v22\nBAD   disk  full\n          → delete something",
        DoctorCommand.Text([Finding.Good("node", "v22"), Finding.Bad("disk", "full", "delete something")]));
}
