using System.Net;
using Distil.Core.Errors;
using Distil.Core.Http;

namespace Distil.Core.Hub;

/// <summary>Translates a refusal of the hub into an error for the user (from status and <c>X-Error-Code</c>, as in huggingface_hub).</summary>
internal static class HubRefusal
{
    public static Exception Of(HttpResponseMessage response, HubPath about, HubOptions options)
    {
        var code = Header(response, "X-Error-Code");
        var words = Header(response, "X-Error-Message");
        var token = options.Token is null ? "no token is set (HF_TOKEN, or `hf auth login`)" : "the token of HF_TOKEN or its file was sent";
        var page = options.PageOf(about);
        return (code, response.StatusCode) switch
        {
            ("RevisionNotFound", _) => Invalid($"{about.Repository} has no revision {about.Revision}; expected a branch, tag or commit of {page}"),
            ("EntryNotFound", _) =>
                Invalid($"{about.Repository}@{about.Revision} has no {(about.Path.Length > 0 ? about.Path : "files")}; expected a path that {page} has"),
            ("GatedRepo", _) => Invalid($"{about.Repository} is gated; ask for access at {page} and set HF_TOKEN to a token that may read it ({token})"),
            (_, HttpStatusCode.Unauthorized) when words.Contains("Invalid credentials", StringComparison.OrdinalIgnoreCase) =>
                Invalid($"{options.Endpoint} does not accept the token of HF_TOKEN or its file; expected a valid one"),
            ("RepoNotFound", _) or (_, HttpStatusCode.Unauthorized or HttpStatusCode.NotFound) =>
                Invalid($"{page} does not exist, or is private; expected a {about.KindWord} that you may read ({token})"),
            (_, HttpStatusCode.Forbidden) =>
                Invalid($"{page} is forbidden{(words.Length > 0 ? $": {words}" : "")}; expected a token that may read it ({token})"),
            _ => new RemoteException(
                $"{about}: {options.Endpoint} answered {(int)response.StatusCode} {response.ReasonPhrase}{(words.Length > 0 ? $": {words}" : "")}"),
        };

        InvalidInputException Invalid(string message) => new($"{about}: {message}");
    }

    /// <summary>A refusal of a change to a repository.</summary>
    public static Exception OfWriting(HttpResponseMessage response, HubPath about, HubOptions options)
    {
        var (code, words) = (Header(response, "X-Error-Code"), Header(response, "X-Error-Message"));
        var said = words.Length > 0 ? $": {words}" : "";
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized =>
                new InvalidInputException($"{about}: {options.Endpoint} does not accept the token of HF_TOKEN or its file{said}; expected a valid one"),
            HttpStatusCode.Forbidden or HttpStatusCode.NotFound => new InvalidInputException(
                $"{about}: {options.Endpoint} refuses the change{said}{(code.Length > 0 ? $" ({code})" : "")}; expected a token that may write to {about.Repository}"),
            HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity => new InvalidInputException($"{about}: {options.Endpoint} refuses the change{said}"),
            _ => new RemoteException($"{about}: {options.Endpoint} answered {(int)response.StatusCode} {response.ReasonPhrase}{said}"),
        };
    }

    /// <summary>The error about an answer that is not a hub's.</summary>
    public static RemoteException NoHub(Uri url, Exception? cause = null) =>
        new($"{url.GetLeftPart(UriPartial.Path)} does not answer as a Hugging Face hub does; is HF_ENDPOINT right?", cause);

    private static string Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.First() : "";
}
