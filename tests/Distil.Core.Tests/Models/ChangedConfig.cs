using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Models;

namespace Distil.Core.Tests.Models;

/// <summary>A published config.json, changed for a test.</summary>
public abstract class ChangedConfig : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <inheritdoc/>
    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected string Wrong(string config, params (string, string?)[] changes) => Assert.Throws<InvalidInputException>(() => Read(config, changes)).Message;

    private protected TransformerConfig Read(string config, params (string Field, string? Value)[] changes)
    {
        var json = JsonNode.Parse(config)!.AsObject();
        foreach (var (field, value) in changes)
        {
            json.Remove(field);
            if (value is not null)
            {
                json[field] = JsonNode.Parse(value);
            }
        }

        _folder.Write("config.json", json.ToJsonString());
        return TransformerConfigFile.ReadWhole(_folder.Path).Config;
    }
}
