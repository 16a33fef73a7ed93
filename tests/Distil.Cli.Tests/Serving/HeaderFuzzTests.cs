using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Distil.Fuzzing;

namespace Distil.Cli.Tests.Serving;

/// <summary>Requests with damaged headers: each is answered or refused, and nobody gets in without the key.</summary>
public sealed class HeaderFuzzTests(SharedAzurite azurite)
{
    private static readonly string Basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"anybody:{ServedApi.ApiKey}"));

    private static readonly (string Name, string Valid)[] Headers =
    [
        ("Range", "bytes=0-9, 20-30"), ("Range", "bytes=-5"), ("Range", "bytes=40-"), ("If-Range", "\"0x8DD\""), ("If-None-Match", "\"0x8DD\", W/\"a\", *"),
        ("If-Match", "\"0x8DD\""), ("If-Modified-Since", "Mon, 30 Nov 2026 07:00:00 GMT"), ("If-Unmodified-Since", "Mon, 30 Nov 2026 07:00:00 GMT"),
        ("Accept", "application/json;q=0.9, text/html;level=1"), ("Accept-Encoding", "gzip;q=1.0, br"), ("Host", "127.0.0.1:7080"),
        ("Origin", "http://127.0.0.1:7080"), ("Authorization", $"Bearer {ServedApi.ApiKey}"), ("Authorization", $"Basic {Basic}"),
        ("Idempotency-Key", "\"8e03978e-40d5-43e8-bc93-6894a57f9324\""), ("Content-Type", "application/json; charset=utf-8"), ("Content-Encoding", "gzip"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("X-Forwarded-Host", "a.example"),
    ];

    [Fact]
    public async Task Each_is_answered_or_refused()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var file = $"/api/runs/{await api.NewRunAsync()}/artifacts/spec.json";
        var whole = await api.Client.GetByteArrayAsync(file, TestContext.Current.CancellationToken);
        await SendAsync(api, [HttpMethod.Get, HttpMethod.Post], method => method == HttpMethod.Get ? file : "/api/runs", (request, answer, body) =>
        {
            if (answer.StatusCode == HttpStatusCode.PartialContent && answer.Content.Headers.ContentRange is { From: { } from, To: { } to })
            {
                Assert.Equal(whole[(int)from..((int)to + 1)], body);
            }
            else if (answer.StatusCode == HttpStatusCode.OK && request.Method == HttpMethod.Get)
            {
                Assert.Equal(whole, body);
            }
        });
    }

    [Fact]
    public async Task Only_the_key_opens()
    {
        await using var api = await ServedApi.StartAsync(azurite, ServedApi.ApiKey);
        await SendAsync(api, [HttpMethod.Get], _ => "/api/schema", (request, answer, _) => Assert.True(
            answer.StatusCode != HttpStatusCode.OK
            || (request.Headers.NonValidated.TryGetValues("Authorization", out var keys)
                && Encoding.UTF8.GetString(Decoded(keys.ToString())).EndsWith(ServedApi.ApiKey, StringComparison.Ordinal))));
    }

    private static async Task SendAsync(
        ServedApi api, HttpMethod[] methods, Func<HttpMethod, string> path, Action<HttpRequestMessage, HttpResponseMessage, byte[]> check)
    {
        using var handler = new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1, AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { BaseAddress = api.Client.BaseAddress };
        await Hostile.EndsInAsync<ApiProblemExpected>(Requests(methods.Length), input =>
        {
            var method = methods[input[0]];
            using var request = new HttpRequestMessage(method, path(method)) { Content = method == HttpMethod.Post ? new ByteArrayContent("{}"u8.ToArray()) : null };
            var (name, value) = (Headers[input[1]].Name, Encoding.Latin1.GetString(input.AsSpan(2)));
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, value);
            }

            using var answer = client.Send(request, TestContext.Current.CancellationToken);
            using var body = new MemoryStream();
            answer.Content.ReadAsStream(TestContext.Current.CancellationToken).CopyTo(body);
            Assert.True((int)answer.StatusCode < 500, $"{name}: {value}: {(int)answer.StatusCode} {Encoding.UTF8.GetString(body.ToArray())}");
            check(request, answer, body.ToArray());
            if ((int)answer.StatusCode >= 400)
            {
                // Kestrel itself answers 400 without a body.
                Assert.True(body.Length == 0 || (int)JsonNode.Parse(body.ToArray())!["status"]! == (int)answer.StatusCode);
                throw new ApiProblemExpected();
            }
        }, iterations: 150);
    }

    /// <summary>The method's number, the header's, and its value: a valid one that was changed, or any text of one line.</summary>
    private static Gen<byte[]> Requests(int methods) =>
        from method in Gen.Int[0, methods - 1]
        from header in Gen.Int[0, Headers.Length - 1]
        from value in Gen.OneOf(Mutations.Of(Encoding.Latin1.GetBytes(Headers[header].Valid)), Mutations.Arbitrary)
        select (byte[])[(byte)method, (byte)header, .. value.Where(character => character is not (0 or (byte)'\r' or (byte)'\n'))];

    private static byte[] Decoded(string authorization)
    {
        var text = authorization.Trim().Split((char[]?)null, 2)[^1].Trim();
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : Encoding.UTF8.GetBytes(text);
    }

    /// <summary>A refusal, for <see cref="Hostile"/> to count.</summary>
    private sealed class ApiProblemExpected() : Exception("refused");
}
