using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;

namespace Distil.EndToEnd.Tests.Telemetry;

/// <summary>Receives what processes send by OTLP over HTTP and stores the bodies.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _serving;

    public OtlpCollector()
    {
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            Endpoint = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}";
        }

        _listener.Prefixes.Add(Endpoint + "/");
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Endpoint { get; }

    /// <value>The standard variables that point to this collector.</value>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Endpoint,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
    };

    /// <value>The bodies by path.</value>
    public ConcurrentQueue<(string Path, byte[] Body)> Received { get; } = [];

    /// <value>Everything received, as text: names of metrics and tags, and what must not be in it.</value>
    public string Text => string.Concat(Received.Select(each => Encoding.UTF8.GetString(each.Body)));

    /// <value>The received spans.</value>
    public IReadOnlyList<OtlpSpan> Spans =>
        [.. Received.Where(each => each.Path == "/v1/traces").SelectMany(each => Messages(each.Body, 1)).SelectMany(resource => Messages(resource, 2))
            .SelectMany(scope => Messages(scope, 2)).Select(OtlpSpan.Read)];

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
        _listener.Close();
    }

    // The messages in a field of a message (opentelemetry/proto/trace/v1/trace.proto).
    private static IEnumerable<byte[]> Messages(byte[] message, int field)
    {
        var reader = new CodedInputStream(message);
        for (var tag = reader.ReadTag(); tag != 0; tag = reader.ReadTag())
        {
            if (WireFormat.GetTagFieldNumber(tag) == field && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                yield return reader.ReadBytes().ToByteArray();
            }
            else
            {
                reader.SkipLastField();
            }
        }
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                Received.Enqueue((context.Request.Url!.AbsolutePath, body.ToArray()));
                // HttpListener closes an idle connection after 15 seconds, at which an exporter that sends every 5 seconds may just reuse it.
                context.Response.KeepAlive = false;
                context.Response.Close();
            }
            catch (Exception stopped) when (stopped is HttpListenerException or ObjectDisposedException && !_listener.IsListening)
            {
                return;
            }
        }
    }
}

/// <summary>A span with its place in the trace and its name.</summary>
internal sealed record OtlpSpan(string Trace, string Id, string Parent, string Name)
{
    public static OtlpSpan Read(byte[] message)
    {
        var (span, reader) = (new OtlpSpan("", "", "", ""), new CodedInputStream(message));
        for (var tag = reader.ReadTag(); tag != 0; tag = reader.ReadTag())
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1: span = span with { Trace = Convert.ToHexStringLower(reader.ReadBytes().Span) }; break;
                case 2: span = span with { Id = Convert.ToHexStringLower(reader.ReadBytes().Span) }; break;
                case 4: span = span with { Parent = Convert.ToHexStringLower(reader.ReadBytes().Span) }; break;
                case 5: span = span with { Name = reader.ReadString() }; break;
                default: reader.SkipLastField(); break;
            }
        }

        return span;
    }
}
