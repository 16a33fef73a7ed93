using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tokenization;

namespace Distil.Core.Runs.Planning;

/// <summary>The files of a teacher's chat template, which determine the rows of a dataset of chats.</summary>
/// <param name="Contents">The identities of chat_template.jinja and of tokenizer_config.json, whose special tokens a template names.</param>
internal sealed record TeacherTemplate(IReadOnlyList<string> Contents)
{
    /// <summary>Finds the template of a model.</summary>
    /// <param name="catalog">Fetches the files.</param>
    /// <param name="model">The model's files.</param>
    /// <param name="settings">Its tokenizer_config.json on this machine; null if it has none.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">There is none.</exception>
    public static async Task<TeacherTemplate> FindAsync(SourceCatalog catalog, ModelFiles model, string? settings, CancellationToken cancel)
    {
        var own = model.ChatTemplate is { } file
            ? LocalSources.Fingerprint(await catalog.FetchAsync(file, "", cancel: cancel))
            : null;
        return own is null && (settings is null || !JsonFile.Read(settings, root => root.TryGetProperty("chat_template", out _)))
            ? throw new InvalidInputException(
                SpecPaths.Teacher,
                $"{model.Location.Folder} has no chat template, which dataset.chat needs; expected chat_template.jinja, or chat_template in {TokenizerSettings.FileName}")
            : new TeacherTemplate([.. new[] { own, settings is null ? null : LocalSources.Fingerprint(settings) }.OfType<string>()]);
    }
}
