using Distil.Core.Settings;

namespace Distil.Core.Tests.Settings;

public sealed class SettingsPageTests
{
    [Fact]
    public void The_committed_page_is_what_the_records_say() =>
        Assert.Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", SettingsPage.FileName)), SettingsPage.Generate());

    [Theory]
    [InlineData(typeof(CommandSettings))]
    [InlineData(typeof(TrainerSettings))]
    [InlineData(typeof(HostSettings))]
    public void Every_variable_that_a_program_reads_is_on_the_page(Type program)
    {
        var page = SettingsPage.Generate();
        var read = new List<string>();

        typeof(SettingsReader).GetMethod(nameof(SettingsReader.Read))!.MakeGenericMethod(program).Invoke(
            null, [(Func<string, string?>)(name => Remember(read, name))]);

        Assert.NotEmpty(read);
        Assert.All(read, name => Assert.Contains($"`{name}`", page));
    }

    private static string? Remember(List<string> read, string name)
    {
        read.Add(name);
        return null;
    }
}
