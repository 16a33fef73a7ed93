using Distil.Core.Errors;

namespace Distil.Inference.ChatTemplates;

/// <summary>The source of @huggingface/jinja (MIT), an npm package that the build embeds.</summary>
internal static class JinjaLibrary
{
    private const string Name = "jinja.js";

    /// <value>The module.</value>
    /// <exception cref="InvalidInputException">The build had no Node.js to fetch it.</exception>
    internal static string Source
    {
        get
        {
            using var stream = typeof(JinjaLibrary).Assembly.GetManifestResourceStream(Name)
                ?? throw new InvalidInputException("chat templates need @huggingface/jinja, which this build lacks: build again with Node.js and npm on the path");
            return new StreamReader(stream).ReadToEnd();
        }
    }
}
