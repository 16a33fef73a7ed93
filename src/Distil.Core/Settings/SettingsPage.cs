using System.Reflection;
using System.Text;

namespace Distil.Core.Settings;

/// <summary>Writes <c>docs/configuration.md</c> from the records of this folder: their attributes name the variables, their documentation describes
/// them.</summary>
public static class SettingsPage
{
    /// <value>The page's name below <c>docs/</c>.</value>
    public const string FileName = "configuration.md";

    private const string Introduction = """
        # Configuration

        Each program reads its settings from environment variables, once, when it starts. An empty variable counts as not set. `./distil schema` writes this page from
        the records in `src/Distil.Core/Settings`. What a run does is not configured here but in its [specification](formats.md).

        """;

    private const string End = """

        A sign-in with an Azure identity follows the variables of [Azure Identity](https://learn.microsoft.com/dotnet/api/azure.identity.defaultazurecredential), such as
        `AZURE_CLIENT_ID`.
        """;

    private static readonly Type[] Records =
    [
        typeof(CommandSettings), typeof(TrainerSettings), typeof(HostSettings), typeof(MachineLearningSettings), typeof(SourceSettings), typeof(HubSettings),
        typeof(TelemetrySettings),
    ];

    /// <summary>Makes the page from the types.</summary>
    /// <exception cref="FileNotFoundException">The assembly's documentation file is not beside it.</exception>
    public static string Generate()
    {
        var comments = DocumentationComments.Of(typeof(SettingsPage).Assembly);
        var page = new StringBuilder(Introduction);
        foreach (var record in Records)
        {
            page.Append($"\n## {comments.Summary(record)}\n\n| variable | meaning |\n|---|---|\n");
            foreach (var property in record.GetProperties())
            {
                if (property.GetCustomAttribute<VariableAttribute>() is { } variable)
                {
                    page.Append($"| {string.Join(", formerly ", variable.Names.Select(name => $"`{name}`"))} | {comments.Value(property)} |\n");
                }
            }
        }

        return page.Append(End).Append('\n').ToString();
    }
}
