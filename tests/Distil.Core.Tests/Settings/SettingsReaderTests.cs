using Distil.Core.Settings;

namespace Distil.Core.Tests.Settings;

public sealed class SettingsReaderTests
{
    [Fact]
    public void A_setting_is_read_from_its_variable_in_the_records_inside_too()
    {
        var settings = Read(("DISTIL_HOME", "/home"), ("DISTIL_CACHE", "/cache"), ("HF_ENDPOINT", "https://hub"));

        Assert.Equal("/home", settings.Home);
        Assert.Equal("/cache", settings.Sources.Cache);
        Assert.Equal("https://hub", settings.Sources.Hub.Endpoint);
    }

    [Fact]
    public void An_empty_variable_counts_as_not_set() =>
        Assert.Equal(new CommandSettings(), Read(("DISTIL_HOME", ""), ("HF_TOKEN", "")));

    [Fact]
    public void An_older_name_is_read_if_the_newer_one_is_not_set()
    {
        Assert.Equal("old", Read(("HF_HUB_CACHE", ""), ("HUGGINGFACE_HUB_CACHE", "old")).Sources.Hub.Cache);
        Assert.Equal("new", Read(("HF_HUB_CACHE", "new"), ("HUGGINGFACE_HUB_CACHE", "old")).Sources.Hub.Cache);
    }

    private static CommandSettings Read(params (string Name, string Value)[] variables) =>
        SettingsReader.Read<CommandSettings>(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
