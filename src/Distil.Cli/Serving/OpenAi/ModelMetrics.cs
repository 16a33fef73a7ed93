using System.Globalization;
using System.Text;
using Distil.Inference.Scheduling;

namespace Distil.Cli.Serving.OpenAi;

/// <summary>A scheduler's figures in Prometheus' text format.</summary>
internal static class ModelMetrics
{
    internal static string Text(SchedulerFigures figures)
    {
        var text = new StringBuilder();
        void Add(string name, string type, string help, long value) => text.Append(
            CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n{name} {value}\n");
        Add("distil_texts_total", "counter", "Texts that got a slot.", figures.Texts);
        Add("distil_tokens_read_total", "counter", "Tokens that the model read, of prompts and answers.", figures.TokensRead);
        Add("distil_tokens_generated_total", "counter", "Tokens of answers.", figures.TokensMade);
        Add("distil_tokens_restored_total", "counter", "Tokens of prompts whose state was cached.", figures.TokensRestored);
        Add("distil_passes_total", "counter", "Passes of the engine.", figures.Passes);
        Add("distil_texts_active", "gauge", "Texts that are being generated.", figures.Slots);
        Add("distil_texts_waiting", "gauge", "Texts that wait for a slot.", figures.Waiting);
        return text.ToString();
    }
}
