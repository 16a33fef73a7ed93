using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Distil.Core.Telemetry;

namespace Distil.Core.Tests.Telemetry;

/// <summary>Listens to Distil's spans and metrics in this process. Other tests run in parallel, so ask only for your own.</summary>
internal sealed class Listening : IDisposable
{
    private readonly ActivityListener _spans;
    private readonly MeterListener _measurements = new();

    public Listening()
    {
        _spans = new ActivityListener
        {
            ShouldListenTo = source => source.Name == DistilTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = Spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_spans);
        _measurements.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == DistilTelemetry.Name)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _measurements.SetMeasurementEventCallback<double>(
            (instrument, value, tags, _) => Measurements.Enqueue(new Measurement(instrument.Name, value, new TagList(tags))));
        _measurements.SetMeasurementEventCallback<long>(
            (instrument, value, tags, _) => Measurements.Enqueue(new Measurement(instrument.Name, value, new TagList(tags))));
        _measurements.Start();
    }

    public ConcurrentQueue<Activity> Spans { get; } = [];

    public ConcurrentQueue<Measurement> Measurements { get; } = [];

    /// <summary>The spans of a run, in the order in which they ended.</summary>
    public List<Activity> SpansOf(string runId) => [.. Spans.Where(span => Equals(span.GetTagItem(JobTags.Run), runId))];

    public void Dispose()
    {
        _spans.Dispose();
        _measurements.Dispose();
    }
}

/// <summary>The values that an instrument recorded.</summary>
internal sealed record Measurement(string Instrument, double Value, TagList Tags)
{
    public object? this[string tag] => Tags.FirstOrDefault(each => each.Key == tag).Value;
}
