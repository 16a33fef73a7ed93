using System.Reflection;
using System.Text;
using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Hub;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Fuzzing;

namespace Distil.Core.Tests.Settings;

/// <summary>Environment variables with arbitrary values: each is used as it says, or refused by its name, and no secret is in the message.</summary>
public sealed class SettingsFuzzTests
{
    private const string Key = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0";

    private static readonly string[] Names = [.. Variables(typeof(CommandSettings)).Concat(Variables(typeof(TrainerSettings))).Distinct()];

    private static readonly string[] Values =
    [
        "https://huggingface.co", "http://127.0.0.1:8080/hub/", "~/.cache", "~", "hf_abc", "1", "off", "sm_80", "none",
        $"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={Key};EndpointSuffix=core.windows.net",
        $"BlobEndpoint=http://127.0.0.1:10000/a;AccountName=a;AccountKey={Key}", "UseDevelopmentStorage=true",
        $"https://a.blob.core.windows.net/c?sv=1&sig={Key} https://a.blob.core.windows.net/c/d/?sig={Key}", "InstrumentationKey=x",
    ];

    [Fact]
    public Task Each_value_is_used_or_refused_by_name() => Hostile.EndsInAsync<InvalidInputException>(Lines, bytes =>
    {
        var variables = Encoding.UTF8.GetString(bytes).Split('\0').Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        try
        {
            var sources = SettingsReader.Read<CommandSettings>(variables.GetValueOrDefault).Sources;
            var hub = HubOptions.From(sources.Hub);
            Assert.True(hub.Endpoint is { Scheme: "http" or "https", Query: "", Fragment: "", UserInfo: "" });
            Assert.True(Path.IsPathFullyQualified(hub.Cache));
            using var request = new HttpRequestMessage { Headers = { Authorization = new("Bearer", hub.Token) } };
            Assert.All(hub.Token ?? "", character => Assert.InRange(character, ' ', '~'));
            SourceCatalog.Create(sources, TimeProvider.System);
            var signed = SignedUrls.Parse(sources.SignedUrls);
            Assert.Equal("", signed.QueryFor(new Uri("https://elsewhere.example/c/d")));
        }
        catch (InvalidInputException refused)
        {
            Assert.True(!refused.Message.Contains(Key, StringComparison.Ordinal) || refused.Message.StartsWith("HF_ENDPOINT is ", StringComparison.Ordinal));
            Assert.Contains(Names, name => refused.Message.Contains(name, StringComparison.Ordinal));
            throw;
        }
    });

    [Theory]
    [InlineData("HF_ENDPOINT=https://hub.example/?a=b", "HF_ENDPOINT is https://hub.example/; expected the URL of a hub without query")]
    [InlineData("HF_TOKEN=hf_a\nhf_b", "HF_TOKEN: contains a line end")]
    [InlineData("HF_TOKEN=hf_ä", "HF_TOKEN: contains a line end or a character that is not ASCII")]
    [InlineData("AZURE_STORAGE_CONNECTION_STRING=AccountName", "AZURE_STORAGE_CONNECTION_STRING cannot be read: ")]
    [InlineData("DISTIL_SIGNED_URLS=https://a.example/b", "DISTIL_SIGNED_URLS: its entry 1 is not a URL with a signature")]
    public void What_cannot_be_used_is_refused(string variable, string expected)
    {
        var sources = SettingsReader.Read<SourceSettings>(new Dictionary<string, string> { [variable.Split('=', 2)[0]] = variable.Split('=', 2)[1] }.GetValueOrDefault);
        Assert.StartsWith(expected, Assert.Throws<InvalidInputException>(() => (HubOptions.From(sources.Hub), SourceCatalog.Create(sources, TimeProvider.System))).Message);
    }

    // NAME=VALUE, separated by NUL, as in an environment block.
    private static Gen<string> Lines =>
        Gen.Select(Gen.Int[0, Names.Length - 1], Gen.OneOf(Gen.OneOf(Values), Gen.OneOf(Values).SelectMany(Changed), Gen.String)).Array[1, 4]
            .Select(pairs => string.Join('\0', pairs.DistinctBy(pair => pair.Item1).Select(pair => $"{Names[pair.Item1]}={pair.Item2.Replace("\0", "", StringComparison.Ordinal)}")));

    private static Gen<string> Changed(string value) => Mutations.Of(Encoding.UTF8.GetBytes(value)).Select(Encoding.UTF8.GetString);

    private static IEnumerable<string> Variables(Type record) => record.GetProperties().SelectMany(property =>
        property.GetCustomAttribute<VariableAttribute>() is { } variable ? variable.Names
        : property.CanWrite && property.PropertyType.Namespace == record.Namespace ? Variables(property.PropertyType) : []);
}
