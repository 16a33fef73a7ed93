using Distil.Core.Errors;
using Distil.Core.Hub;
using Distil.Core.Settings;

namespace Distil.Core.Tests.Hub;

public sealed class HubOptionsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Defaults_are_huggingface_hubs()
    {
        var options = Of();
        Assert.Equal(new Uri("https://huggingface.co"), options.Endpoint);
        Assert.Equal(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "huggingface", "hub"), options.Cache);
        Assert.False(options.Offline);
    }

    [Theory]
    [InlineData("/home/hf/hub", "HF_HOME=/home/hf")]
    [InlineData("/other", "HF_HOME=/home/hf", "HF_HUB_CACHE=/other")]
    [InlineData("/old", "HUGGINGFACE_HUB_CACHE=/old")]
    [InlineData("/xdg/huggingface/hub", "XDG_CACHE_HOME=/xdg")]
    public void The_cache_is_where_the_environment_says(string expected, params string[] variables) => Assert.Equal(expected, Of(variables).Cache);

    [Fact]
    public void The_token_is_the_variables_else_the_files()
    {
        _folder.Write("token", "from file\n");
        Assert.Equal("from file", Of($"HF_HOME={_folder.Path}").Token);
        Assert.Equal("from variable", Of($"HF_HOME={_folder.Path}", "HF_TOKEN= from variable\n").Token);
        Assert.Equal("from file", Of($"HF_TOKEN_PATH={_folder.Path}/token").Token);
        Assert.Null(Of($"HF_HOME={_folder.Path}", "HF_HUB_DISABLE_IMPLICIT_TOKEN=1").Token);
        Assert.Null(Of($"HF_HOME={_folder.Path}/nowhere").Token);
    }

    [Theory]
    [InlineData("1", true)]
    [InlineData("true", true)]
    [InlineData("0", false)]
    public void Offline_is_what_it_says(string value, bool expected) => Assert.Equal(expected, Of($"HF_HUB_OFFLINE={value}").Offline);

    [Fact]
    public void An_endpoint_that_is_no_URL_is_refused() =>
        Assert.Contains("HF_ENDPOINT is nonsense", Assert.Throws<InvalidInputException>(() => Of("HF_ENDPOINT=nonsense")).Message, StringComparison.Ordinal);

    private static HubOptions Of(params string[] variables) =>
        HubOptions.From(SettingsReader.Read<HubSettings>(
            variables.Select(variable => variable.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]).GetValueOrDefault));
}
