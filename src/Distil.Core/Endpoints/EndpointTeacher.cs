using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Settings;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Microsoft.Extensions.Logging;

namespace Distil.Core.Endpoints;

/// <summary>A teacher behind a server.</summary>
public sealed class EndpointTeacher
{
    /// <summary>A text whose tokens differ between tokenizers: words, digits, runs of blanks, code, accents, other scripts.</summary>
    internal const string Probe = "The quick brown fox jumps over 1234567 lazy dogs;  it isn't naïve.\n\tfor (int i = 0; i < n; ++i) { sum += x[i]; }\nÜber 東京 и Москва 🙂";

    private readonly EndpointSpec _endpoint;
    private readonly EndpointHttp _http;
    private readonly IEndpointProtocol _protocol;
    private readonly ScoreChecks _checks;
    private readonly int _count;

    internal EndpointTeacher(EndpointSpec endpoint, EndpointHttp http, int vocabulary, int maxTokens)
    {
        (_endpoint, _http, _count) = (endpoint, http, Math.Min(maxTokens, vocabulary));
        _protocol = endpoint.Api switch
        {
            EndpointApi.Vllm => new VllmProtocol(),
            EndpointApi.Sglang => new SglangProtocol(),
            _ => throw new ArgumentOutOfRangeException(nameof(endpoint), endpoint.Api, "has no protocol"),
        };
        _checks = new(vocabulary, _count);
    }

    /// <summary>Creates the client of a server.</summary>
    /// <param name="endpoint">The server.</param>
    /// <param name="vocabulary">V.</param>
    /// <param name="maxTokens">Number of tokens that are asked for at each position; at most V are.</param>
    /// <param name="settings">The program's settings, with the keys of servers.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Receives a line before each wait.</param>
    /// <exception cref="InvalidInputException"><c>DISTIL_TEACHER_KEYS</c> contains something else.</exception>
    public static EndpointTeacher Create(EndpointSpec endpoint, int vocabulary, int maxTokens, SourceSettings settings, TimeProvider time, ILogger log) => new(
        endpoint,
        new EndpointHttp(endpoint, new ResilientHttp(new RetryOptions { Silence = EndpointHttp.Silence }, time, log), EndpointKeys.Parse(settings.TeacherKeys)),
        vocabulary, maxTokens);

    /// <summary>Compares the server with the teacher's folder: it must have the model, and cut a text into the same tokens.</summary>
    /// <param name="tokenizer">The folder's tokenizer.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">It has another model or tokenizer, or refuses.</exception>
    /// <exception cref="RemoteException">The server cannot be reached, or fails on every try.</exception>
    public async Task RequireSameAsync(HuggingFaceTokenizer tokenizer, CancellationToken cancel)
    {
        var models = await AskAsync("/v1/models", null, answer =>
            answer.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString() ?? throw new FormatException("a model has no id")).ToList(), cancel);
        if (!models.Contains(_endpoint.Model))
        {
            throw new InvalidInputException(
                FieldPath.Parse("teacher.endpoint.model"), $"is {_endpoint.Model}; the server has {string.Join(", ", models.Select(name => Shown.Short(name)))}");
        }

        var here = tokenizer.Encode(Probe, cancel: cancel);
        var there = await AskAsync(_protocol.Resource, _protocol.TextRequest(_endpoint.Model, Probe), _protocol.ReadText, cancel);
        var begins = there.Count == here.Count + 1 ? 1 : 0; // a server that always adds its token of a text's beginning
        if (!there.Skip(begins).SequenceEqual(here))
        {
            var at = here.Zip(there.Skip(begins)).TakeWhile(pair => pair.First == pair.Second).Count();
            throw new InvalidInputException(
                FieldPath.Parse("teacher.endpoint"),
                $"{_endpoint.Url} cuts a text into other tokens than teacher.path's tokenizer.json does ({there.Count} instead of {here.Count}; token {at} is "
                + $"{Id(there, at + begins)} instead of {Id(here, at)}); expected the same model's tokenizer");
        }
    }

    /// <summary>Returns the most probable tokens after each token of a row.</summary>
    /// <param name="tokens">The row's tokens, at least one.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <returns>For each position min(maxTokens, V) tokens, most probable first, without those of probability 0.</returns>
    /// <exception cref="InvalidInputException">The server refuses, or answers something else.</exception>
    /// <exception cref="RemoteException">The server cannot be reached, or fails on every try.</exception>
    public async Task<IReadOnlyList<TokenScore[]>> ScoreAsync(ReadOnlyMemory<int> tokens, CancellationToken cancel)
    {
        var answer = await AskAsync(_protocol.Resource, _protocol.RowRequest(_endpoint.Model, tokens, _count), _protocol.ReadRow, cancel);
        RequireRow(tokens.Span, answer);
        return [.. answer.Scores.Select(_checks.MostProbable)];
    }

    /// <summary>The server must have read the row as it is: not cut, and with no token added.</summary>
    private void RequireRow(ReadOnlySpan<int> tokens, EndpointAnswer answer)
    {
        if (answer.Tokens.Count != tokens.Length || answer.Scores.Count != tokens.Length)
        {
            throw Other($"answers for {answer.Tokens.Count} tokens with {answer.Scores.Count} distributions; {tokens.Length} tokens were sent");
        }

        for (var i = 0; i < tokens.Length; i++)
        {
            var token = tokens[i];
            if (answer.Tokens[i] is { } named && named != token)
            {
                throw Other($"answers for token {named} at position {i}; token {token} was sent");
            }

            if (answer.Tokens[i] is null && i > 0 && !answer.Scores[i - 1].Any(score => score.Id == token))
            {
                throw Other($"does not score token {token} at position {i}, which was sent");
            }
        }
    }

    private InvalidInputException Other(string fault) => new(FieldPath.Parse("teacher.endpoint"), $"{_endpoint.Url} {fault}: expected the row unchanged");

    private async Task<T> AskAsync<T>(string resource, JsonObject? document, Func<JsonElement, T> read, CancellationToken cancel)
    {
        using var answer = await _http.AskAsync(resource, document, cancel);
        try
        {
            return read(answer.RootElement);
        }
        catch (Exception error) when (error is InvalidOperationException or KeyNotFoundException or FormatException or ArgumentOutOfRangeException or IndexOutOfRangeException or OverflowException)
        {
            throw _http.NotUnderstood(resource, error);
        }
    }

    private static string Id(IReadOnlyList<int> tokens, int at) => at < tokens.Count ? $"{tokens[at]}" : "missing";
}
